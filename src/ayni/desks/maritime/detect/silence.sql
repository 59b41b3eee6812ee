-- Silences of $silence_h hours or more inside one ship's track, ended or still lasting: what gap and disabling share.
WITH hours AS (SELECT hour, COUNT(DISTINCT mmsi) AS ships, MAX(last_ms) AS last_ms FROM hourly GROUP BY hour),
days AS (SELECT floor_div(hour, 24) AS day, MAX(ships) AS ships, MAX(last_ms) AS last_ms FROM hours
  GROUP BY floor_div(hour, 24)),
usual AS (SELECT AVG(ships) AS ships_an_hour, MAX(ships) AS most_ships FROM hours),
fleet AS (SELECT COUNT(DISTINCT mmsi) AS ships_heard FROM hourly),
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
  FROM track WHERE dt_ms >= $silence_h * 3600000
  UNION ALL
  SELECT l.mmsi, l.ship, l.off_ms, l.lat_udeg, l.lon_udeg, c.end_ms, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
    CAST(NULL AS DOUBLE), TRUE
  FROM last_heard AS l CROSS JOIN clock AS c WHERE c.end_ms - l.off_ms >= $silence_h * 3600000),
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
  WHERE COALESCE(p.next_ms, q.on_ms) - p.at_ms >= $silence_h * 3600000),
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
  SELECT s.mmsi, s.ship, s.from_ms, CASE WHEN SUM(t.dt_ms) >= 60000
    THEN SUM(t.dist_m) / 1852e0 / (SUM(t.dt_ms) / 3600000e0) END AS before_kn
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
moored AS (
  SELECT s.mmsi, s.ship, s.from_ms, MAX(y.ended_ms - y.started_ms) AS stay_ms
  FROM silence AS s JOIN stay AS y ON y.mmsi = s.mmsi AND y.ship = s.ship AND y.started_ms <= s.off_ms
    AND y.ended_ms >= s.off_ms - 1200000
  GROUP BY s.mmsi, s.ship, s.from_ms),
port_near AS (
  SELECT s.mmsi, s.ship, s.from_ms, MIN(distance_m(s.lat_udeg, s.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM silence AS s JOIN haven AS h ON h.cell = cell(s.lat_udeg, s.lon_udeg)
  GROUP BY s.mmsi, s.ship, s.from_ms),
told AS (
  SELECT s.mmsi, s.ship, s.from_ms, s.to_ms, s.lat_udeg, s.lon_udeg, s.end_lat_udeg, s.end_lon_udeg, s.lasts, s.dist_m,
    s.to_ms - s.from_ms - d.hours * 3600000 AS silent_ms, d.hours AS deaf_hours, COALESCE(b.positions, 0) AS before_count,
    COALESCE(b.by_satellite, 0) AS before_satellite, COALESCE(b.by_dynamic, 0) AS before_dynamic,
    p.before_kn, COALESCE(o.others_during, 0) AS others_during,
    COALESCE(m.stay_ms, 0) AS stay_ms, f.ships_heard, COALESCE(n.port_m, 99000e0) AS port_m, c.nearest_state, COALESCE(c.land_share, 0) >= 20 AS on_river,
    COALESCE(distance_m(s.lat_udeg, s.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      370400e0) AS shore_m, v.name, v.callsign, v.imo, v.is_fishing, v.length_m
  FROM silence AS s CROSS JOIN fleet AS f
  JOIN deaf AS d ON d.mmsi = s.mmsi AND d.ship = s.ship AND d.from_ms = s.from_ms
  LEFT JOIN before AS b ON b.mmsi = s.mmsi AND b.ship = s.ship AND b.from_ms = s.from_ms
  LEFT JOIN pace AS p ON p.mmsi = s.mmsi AND p.ship = s.ship AND p.from_ms = s.from_ms
  LEFT JOIN others AS o ON o.mmsi = s.mmsi AND o.ship = s.ship AND o.from_ms = s.from_ms
  LEFT JOIN moored AS m ON m.mmsi = s.mmsi AND m.ship = s.ship AND m.from_ms = s.from_ms
  LEFT JOIN port_near AS n ON n.mmsi = s.mmsi AND n.ship = s.ship AND n.from_ms = s.from_ms
  LEFT JOIN place AS c ON c.cell = cell(s.lat_udeg, s.lon_udeg)
  LEFT JOIN vessel AS v ON v.mmsi = s.mmsi)
SELECT * FROM told
