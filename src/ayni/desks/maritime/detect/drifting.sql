-- Ten-minute spells in which a ship under way moved at more than $angle_deg from the way its bow pointed, joined.
-- Only the spells with a position off its heading are looked at whole: most ships have none.
WITH angled AS (
  SELECT mmsi, floor_div(ts, 600000) AS b, ts, lat_udeg, lon_udeg, speed_kn,
    LEAST(ABS(course_deg - heading_deg), 360e0 - ABS(course_deg - heading_deg)) AS angle_deg
  FROM position
  WHERE speed_kn >= $low_kn AND speed_kn <= $high_kn AND course_deg IS NOT NULL AND heading_deg IS NOT NULL
    AND lat_udeg IS NOT NULL AND COALESCE(msg_type, 1) NOT IN (4, 9, 11, 21, 27)
    AND COALESCE(status, 0) NOT IN (1, 5) AND mmsi BETWEEN 200000000 AND 799999999),
off AS (SELECT DISTINCT mmsi, b FROM angled WHERE angle_deg > $angle_deg),
spells AS (
  SELECT a.mmsi, a.b, COUNT(*) AS positions, AVG(CASE WHEN a.angle_deg > $angle_deg THEN 1e0 ELSE 0e0 END) AS share,
    AVG(a.speed_kn) AS kn, MIN(a.ts) AS first_ms, MAX(a.ts) AS last_ms, AVG(a.angle_deg) AS angle_deg,
    CAST(ROUND(AVG(a.lat_udeg)) AS BIGINT) AS lat_udeg, MIN(a.lon_udeg) AS lon_udeg
  FROM angled AS a JOIN off AS o ON o.mmsi = a.mmsi AND o.b = a.b
  GROUP BY a.mmsi, a.b),
ordered AS (
  SELECT mmsi, b, positions, kn, angle_deg, first_ms, last_ms, lat_udeg, lon_udeg,
    LAG(b) OVER (PARTITION BY mmsi ORDER BY b) AS p_b
  FROM spells WHERE share >= 0.8e0 AND positions >= 1),
numbered AS (
  SELECT mmsi, b, positions, kn, angle_deg, first_ms, last_ms, lat_udeg, lon_udeg,
    SUM(CASE WHEN b - p_b <= 2 THEN 0 ELSE 1 END) OVER (PARTITION BY mmsi ORDER BY b
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM ordered),
runs AS (
  SELECT mmsi, MIN(first_ms) AS started_ms, MAX(last_ms) AS ended_ms, SUM(positions) AS positions, AVG(kn) AS mean_kn,
    AVG(angle_deg) AS angle_deg, MIN(lat_udeg) AS south, MAX(lat_udeg) AS north, MIN(lon_udeg) AS lon_udeg, MAX(lon_udeg) AS east
  FROM numbered GROUP BY mmsi, run
  HAVING MAX(last_ms) - MIN(first_ms) >= $least_min * 60000 AND SUM(positions) >= 6),
placed AS (
  SELECT mmsi, started_ms, ended_ms, positions, mean_kn, angle_deg, CAST(ROUND((south + north) / 2e0) AS BIGINT) AS lat_udeg,
    lon_udeg, distance_m(south, lon_udeg, north, east) AS extent_m
  FROM runs),
port_near AS (
  SELECT p.mmsi, p.started_ms, MIN(distance_m(p.lat_udeg, p.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM placed AS p JOIN haven AS h ON h.cell = cell(p.lat_udeg, p.lon_udeg) GROUP BY p.mmsi, p.started_ms),
told AS (
  SELECT p.mmsi, p.started_ms, p.ended_ms, p.positions, p.mean_kn, p.angle_deg, p.lat_udeg, p.lon_udeg, p.extent_m,
    COALESCE(n.port_m, 99000e0) AS port_m, COALESCE(c.land_share, 0) AS land_share,
    COALESCE(distance_m(p.lat_udeg, p.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      370400e0) AS shore_m,
    v.name, v.callsign, v.imo, v.is_tug, v.is_service, v.is_fishing, v.is_pleasure, v.length_m
  FROM placed AS p
  LEFT JOIN port_near AS n ON n.mmsi = p.mmsi AND n.started_ms = p.started_ms
  LEFT JOIN place AS c ON c.cell = cell(p.lat_udeg, p.lon_udeg)
  LEFT JOIN vessel AS v ON v.mmsi = p.mmsi)
SELECT mmsi AS key_0, started_ms AS key_1, mmsi, name, callsign, imo, started_ms, ended_ms, lat_udeg, lon_udeg,
  extent_m / 2e0 AS uncertainty_m, (ended_ms - started_ms) / 1000e0 AS adrift_s, mean_kn, angle_deg, shore_m / 1852e0 AS shore_nm,
  positions, shore_m <= 12e0 * 1852e0 AS close_in, shore_m > 12e0 * 1852e0 AS far_out, COALESCE(is_fishing, FALSE) AS is_fishing,
  COALESCE(is_pleasure, FALSE) AS is_pleasure, COALESCE(length_m < 20e0, FALSE) AS is_small
FROM told
-- Tugs and service craft move sideways for a living; harbours and rivers have currents and turning basins.
WHERE port_m >= $port_km * 1000e0 AND land_share < 20 AND NOT COALESCE(is_tug OR is_service, FALSE)
