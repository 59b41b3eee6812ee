-- Silences that begin far out and end, or may by now have ended, close to the coast; and ships first heard close in.
-- Far from the coast is also what lies inland: a river boat comes from there every day, and no cell with land counts.
WITH ends AS (SELECT MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms FROM hourly),
ours AS (SELECT mmsi, ship, MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms FROM hourly WHERE ship = 0 GROUP BY mmsi, ship),
quiet AS (
  SELECT mmsi, ship, p_ts AS off_ms, ts AS on_ms, p_lat_udeg AS lat_udeg, p_lon_udeg AS lon_udeg, lat_udeg AS end_lat_udeg,
    lon_udeg AS end_lon_udeg, dist_m
  FROM track WHERE dt_ms > $silence_h * 3600000 AND NOT jumps),
came AS (
  SELECT 1 AS kind, q.mmsi, q.ship, q.off_ms, q.on_ms, q.lat_udeg, q.lon_udeg, q.end_lat_udeg, q.end_lon_udeg,
    COALESCE(distance_m(q.lat_udeg, q.lon_udeg, a.shore_lat_udeg, a.shore_lon_udeg),
      CASE WHEN a.cell IS NULL THEN 370400e0 ELSE 0e0 END) AS off_shore_m,
    distance_m(q.end_lat_udeg, q.end_lon_udeg, o.shore_lat_udeg, o.shore_lon_udeg) AS on_shore_m
  FROM quiet AS q LEFT JOIN place AS a ON a.cell = cell(q.lat_udeg, q.lon_udeg)
  JOIN place AS o ON o.cell = cell(q.end_lat_udeg, q.end_lon_udeg)
  WHERE COALESCE(a.land_share, 0) = 0),
last_seen AS (
  SELECT t.mmsi, t.ship, t.ts, t.lat_udeg, t.lon_udeg, t.dist_m / 1852e0 / (t.dt_ms / 3600000e0) AS pace_kn,
    e.last_ms - t.ts AS silent_ms, e.last_ms,
    ROW_NUMBER() OVER (PARTITION BY t.mmsi ORDER BY t.lat_udeg, t.lon_udeg) AS nth
  FROM track AS t JOIN ours AS u ON u.mmsi = t.mmsi AND u.ship = t.ship AND u.last_ms = t.ts CROSS JOIN ends AS e
  WHERE e.last_ms - t.ts > $silence_h * 3600000 AND t.dt_ms > 0 AND t.dt_ms < 3600000 AND NOT t.jumps),
heard_since AS (
  SELECT s.mmsi, COUNT(DISTINCT h.mmsi) AS others
  FROM last_seen AS s JOIN heard AS h ON h.square_y = floor_div(s.lat_udeg, 500000)
    AND h.square_x = floor_div(s.lon_udeg, 500000)
  WHERE h.hour > floor_div(s.ts, 3600000) AND h.mmsi <> s.mmsi GROUP BY s.mmsi),
may_have AS (
  SELECT 2 AS kind, s.mmsi, s.ship, s.ts AS off_ms, CAST(NULL AS BIGINT) AS on_ms, s.lat_udeg, s.lon_udeg,
    CAST(NULL AS BIGINT) AS end_lat_udeg, CAST(NULL AS BIGINT) AS end_lon_udeg,
    distance_m(s.lat_udeg, s.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg) AS off_shore_m,
    distance_m(s.lat_udeg, s.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg) - s.pace_kn * 1852e0 * (s.silent_ms / 3600000e0)
      AS on_shore_m
  FROM last_seen AS s JOIN heard_since AS h ON h.mmsi = s.mmsi
  JOIN place AS c ON c.cell = cell(s.lat_udeg, s.lon_udeg)
  WHERE s.nth = 1 AND h.others >= 3 AND c.land_share = 0 AND s.pace_kn BETWEEN 3e0 AND $most_kn),
first_seen AS (
  SELECT t.mmsi, t.ship, t.ts, t.lat_udeg, t.lon_udeg,
    ROW_NUMBER() OVER (PARTITION BY t.mmsi ORDER BY t.lat_udeg, t.lon_udeg) AS nth
  FROM track AS t JOIN ours AS u ON u.mmsi = t.mmsi AND u.ship = t.ship AND u.first_ms = t.ts CROSS JOIN ends AS e
  WHERE t.ts - e.first_ms >= $new_after_h * 3600000),
hour_later AS (
  SELECT f.mmsi, f.ts, t.lat_udeg, t.lon_udeg, ROW_NUMBER() OVER (PARTITION BY f.mmsi ORDER BY t.ts, t.lat_udeg, t.lon_udeg) AS nth
  FROM first_seen AS f JOIN track AS t ON t.mmsi = f.mmsi AND t.ship = f.ship
  WHERE t.ts >= f.ts + 3600000 AND t.ts <= f.ts + 7200000),
new_here AS (
  SELECT 3 AS kind, f.mmsi, f.ship, f.ts AS off_ms, f.ts AS on_ms, f.lat_udeg, f.lon_udeg, l.lat_udeg AS end_lat_udeg,
    l.lon_udeg AS end_lon_udeg, distance_m(f.lat_udeg, f.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg) AS off_shore_m,
    distance_m(l.lat_udeg, l.lon_udeg, d.shore_lat_udeg, d.shore_lon_udeg) AS on_shore_m
  FROM first_seen AS f JOIN hour_later AS l ON l.mmsi = f.mmsi AND l.nth = 1
  JOIN place AS c ON c.cell = cell(f.lat_udeg, f.lon_udeg)
  JOIN place AS d ON d.cell = cell(l.lat_udeg, l.lon_udeg) WHERE f.nth = 1),
told AS (
  SELECT * FROM came WHERE off_shore_m > $far_nm * 1852e0 AND on_shore_m < $close_nm * 1852e0
  UNION ALL
  SELECT * FROM may_have WHERE off_shore_m > $far_nm * 1852e0 AND on_shore_m < $close_nm * 1852e0
  UNION ALL
  SELECT * FROM new_here WHERE off_shore_m < $close_nm * 1852e0 AND off_shore_m > 5556e0
    AND off_shore_m - on_shore_m >= 5556e0)
SELECT t.kind AS key_0, t.mmsi AS key_1, t.ship AS key_2, t.off_ms AS key_3, t.mmsi, v.name, v.callsign, v.imo,
  t.off_ms AS started_ms, t.on_ms AS ended_ms, t.lat_udeg, t.lon_udeg, t.end_lat_udeg, t.end_lon_udeg, 3000e0 AS uncertainty_m,
  (t.on_ms - t.off_ms) / 1000e0 AS silence_s, t.off_shore_m / 1852e0 AS off_shore_nm, t.on_shore_m / 1852e0 AS on_shore_nm,
  t.kind = 1 AS came_close, t.kind = 2 AS may_be_close, t.kind = 3 AS is_new,
  COALESCE(v.is_fishing AND v.length_m < 24e0, FALSE) AS is_artisanal, COALESCE(v.is_merchant, FALSE) AS is_merchant
FROM told AS t LEFT JOIN vessel AS v ON v.mmsi = t.mmsi
