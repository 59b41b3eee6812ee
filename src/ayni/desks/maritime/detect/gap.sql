-- Silences of more than $silence_h hours inside one ship's track, ended or still lasting.
WITH hours AS (SELECT hour, COUNT(DISTINCT mmsi) AS ships, MAX(last_ms) AS last_ms FROM hourly GROUP BY hour),
days AS (SELECT floor_div(hour, 24) AS day, MAX(ships) AS ships, MAX(last_ms) AS last_ms FROM hours
  GROUP BY floor_div(hour, 24)),
usual AS (SELECT AVG(ships) AS ships_an_hour, MAX(ships) AS most_ships FROM hours),
-- The last instant the receivers were known to work; one clock set to next year does not move it.
clock AS (SELECT MAX(d.last_ms) AS end_ms FROM days AS d CROSS JOIN usual AS u WHERE d.ships * 100 >= u.most_ships),
last_heard AS (
  SELECT mmsi, ship, ts AS off_ms, lat_udeg, lon_udeg FROM (
    SELECT mmsi, ship, ts, lat_udeg, lon_udeg,
      ROW_NUMBER() OVER (PARTITION BY mmsi, ship ORDER BY ts DESC, lat_udeg DESC, lon_udeg DESC) AS nth
    FROM (SELECT t.mmsi, t.ship, t.ts, t.lat_udeg, t.lon_udeg FROM track AS t
      JOIN (SELECT mmsi, ship, MAX(last_ms) AS last_ms FROM hourly GROUP BY mmsi, ship) AS m
      ON m.mmsi = t.mmsi AND m.ship = t.ship AND m.last_ms = t.ts) AS latest) AS numbered
  WHERE nth = 1),
quiet AS (
  SELECT mmsi, ship, p_ts AS off_ms, p_lat_udeg AS lat_udeg, p_lon_udeg AS lon_udeg,
    ts AS on_ms, lat_udeg AS end_lat_udeg, lon_udeg AS end_lon_udeg, dist_m, FALSE AS lasts
  FROM track WHERE dt_ms > $silence_h * 3600000
  UNION ALL
  SELECT l.mmsi, l.ship, l.off_ms, l.lat_udeg, l.lon_udeg, c.end_ms, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
    CAST(NULL AS DOUBLE), TRUE
  FROM last_heard AS l CROSS JOIN clock AS c WHERE c.end_ms - l.off_ms > $silence_h * 3600000),
-- A message without a position still proves that the ship was heard.
signs AS (
  SELECT mmsi, ship, off_ms, off_ms AS at_ms FROM quiet
  UNION ALL
  SELECT q.mmsi, q.ship, q.off_ms, p.ts FROM quiet AS q
  JOIN position AS p ON p.mmsi = q.mmsi AND p.ts > q.off_ms AND p.ts < q.on_ms WHERE p.lat_udeg IS NULL),
pieces AS (
  SELECT mmsi, ship, off_ms, at_ms, LEAD(at_ms) OVER (PARTITION BY mmsi, ship, off_ms ORDER BY at_ms) AS next_ms
  FROM signs),
silence AS (
  SELECT q.mmsi, q.ship, p.at_ms AS from_ms, COALESCE(p.next_ms, q.on_ms) AS to_ms, q.lat_udeg, q.lon_udeg,
    q.end_lat_udeg, q.end_lon_udeg, q.dist_m, q.off_ms, q.lasts AND p.next_ms IS NULL AS lasts
  FROM quiet AS q JOIN pieces AS p ON p.mmsi = q.mmsi AND p.ship = q.ship AND p.off_ms = q.off_ms
  WHERE COALESCE(p.next_ms, q.on_ms) - p.at_ms > $silence_h * 3600000),
-- Hours in which nobody at all was heard are our own silence, not the ship's.
listened AS (
  SELECT s.mmsi, s.ship, s.from_ms, COUNT(h.hour) AS hours
  FROM silence AS s CROSS JOIN hours AS h
  WHERE h.hour > floor_div(s.from_ms, 3600000) AND h.hour < floor_div(s.to_ms, 3600000)
  GROUP BY s.mmsi, s.ship, s.from_ms),
deaf AS (
  SELECT s.mmsi, s.ship, s.from_ms, CASE WHEN u.ships_an_hour >= 5e0
    THEN GREATEST(0, floor_div(s.to_ms, 3600000) - floor_div(s.from_ms, 3600000) - 1 - COALESCE(l.hours, 0)) ELSE 0 END
    AS hours
  FROM silence AS s CROSS JOIN usual AS u
  LEFT JOIN listened AS l ON l.mmsi = s.mmsi AND l.ship = s.ship AND l.from_ms = s.from_ms),
before AS (
  SELECT s.mmsi, s.ship, s.from_ms, COUNT(*) AS positions,
    SUM(CASE WHEN LOWER(p.receiver) LIKE 'sat%' THEN 1 ELSE 0 END) AS by_satellite,
    SUM(CASE WHEN LOWER(p.receiver) LIKE 'dyn%' THEN 1 ELSE 0 END) AS by_dynamic
  FROM silence AS s JOIN position AS p
    ON p.mmsi = s.mmsi AND p.ts >= s.from_ms - $before_h * 3600000 AND p.ts < s.from_ms
  GROUP BY s.mmsi, s.ship, s.from_ms),
pace AS (
  SELECT s.mmsi, s.ship, s.from_ms, SUM(t.dist_m) / 1852e0 / NULLIF(SUM(t.dt_ms) / 3600000e0, 0e0) AS before_kn
  FROM silence AS s JOIN track AS t ON t.mmsi = s.mmsi AND t.ship = s.ship AND t.ts <= s.off_ms
    AND t.p_ts >= s.off_ms - 3600000
  GROUP BY s.mmsi, s.ship, s.from_ms),
squares AS (
  SELECT s.mmsi, s.ship, s.from_ms, s.to_ms, floor_div(s.lat_udeg, 500000) + n.dy AS square_y,
    floor_div(s.lon_udeg, 500000) + n.dx AS square_x
  FROM silence AS s CROSS JOIN
    (VALUES (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)) AS n(dy, dx)),
others AS (
  SELECT s.mmsi, s.ship, s.from_ms, COUNT(DISTINCT h.mmsi) AS others_during
  FROM squares AS s JOIN heard AS h ON h.square_y = s.square_y AND h.square_x = s.square_x
    AND h.hour > floor_div(s.from_ms, 3600000) AND h.hour < floor_div(s.to_ms, 3600000) AND h.mmsi <> s.mmsi
  GROUP BY s.mmsi, s.ship, s.from_ms),
told AS (
  SELECT s.mmsi, s.ship, s.from_ms, s.to_ms, s.lat_udeg, s.lon_udeg, s.end_lat_udeg, s.end_lon_udeg, s.lasts, s.dist_m,
    s.to_ms - s.from_ms - d.hours * 3600000 AS silent_ms, d.hours AS deaf_hours, COALESCE(b.positions, 0) AS before_count,
    COALESCE(b.by_satellite, 0) AS before_satellite, COALESCE(b.by_dynamic, 0) AS before_dynamic,
    p.before_kn, COALESCE(o.others_during, 0) AS others_during
  FROM silence AS s
  JOIN deaf AS d ON d.mmsi = s.mmsi AND d.ship = s.ship AND d.from_ms = s.from_ms
  LEFT JOIN before AS b ON b.mmsi = s.mmsi AND b.ship = s.ship AND b.from_ms = s.from_ms
  LEFT JOIN pace AS p ON p.mmsi = s.mmsi AND p.ship = s.ship AND p.from_ms = s.from_ms
  LEFT JOIN others AS o ON o.mmsi = s.mmsi AND o.ship = s.ship AND o.from_ms = s.from_ms)
SELECT mmsi AS key_0, from_ms AS key_1, lat_udeg AS key_2, lon_udeg AS key_3, mmsi, ship, from_ms AS started_ms,
  CASE WHEN lasts THEN CAST(NULL AS BIGINT) ELSE to_ms END AS ended_ms, lat_udeg, lon_udeg, end_lat_udeg, end_lon_udeg,
  CASE WHEN lasts THEN 25e0 * 1852e0 * silent_ms / 3600000e0 ELSE GREATEST(185e0, COALESCE(dist_m, 0e0) / 2e0) END
    AS uncertainty_m,
  silent_ms / 1000e0 AS silence_s, lasts AND TRUE AS is_open, NOT lasts AS is_closed, $before_h * 3600e0 AS before_s,
  before_count, before_satellite, before_count - before_satellite - before_dynamic AS before_terrestrial, before_dynamic,
  before_count < 3 AS was_rare, before_count >= 14 AS was_regular, others_during, others_during >= 3 AS others_heard,
  others_during = 0 AS nobody_heard, dist_m / 1852e0 AS moved_nm,
  dist_m / 1852e0 / (silent_ms / 3600000e0) AS implied_kn, COALESCE(dist_m > 5e0 * 1852e0, FALSE) AS moved_on,
  before_kn, COALESCE(before_kn < 0.5e0, FALSE) AS lay_still, COALESCE(before_kn >= 2e0, FALSE) AS was_under_way,
  LEAST(0.4e0, 0.2e0 + 0.1e0 * (silent_ms / 3600000e0 - $silence_h) / 18e0) AS length_weight
FROM told
WHERE silent_ms > $silence_h * 3600000
