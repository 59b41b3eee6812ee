-- One row a usable position, with the one before it under the same MMSI.
-- Repeats of one report (several receivers, merged files) are dropped; so is a coarse report of type 27
-- within an hour of a finer one, and a frozen report that says it moves while every value stays the same.
-- Not ships, and left out: coast stations (00…), aircraft (111…), search and rescue devices (97…), aids to
-- navigation (99…), numbers of fewer than nine digits and 90… to 96…, which fishing gear beacons bear.
WITH coarse AS (
  SELECT mmsi, ts, floor_div(ts, 3600000) + shift AS hour
  FROM position CROSS JOIN (VALUES (-1), (0), (1)) AS s(shift)
  WHERE msg_type = 27),
doubled AS (
  SELECT DISTINCT c.mmsi, c.ts
  FROM coarse AS c JOIN position AS o ON o.mmsi = c.mmsi AND floor_div(o.ts, 3600000) = c.hour
  WHERE o.msg_type <> 27 AND ABS(o.ts - c.ts) < 3600000 AND o.lat_udeg IS NOT NULL),
usable AS (
  SELECT p.mmsi, p.ts, p.lat_udeg, p.lon_udeg,
    CASE WHEN (p.speed_kn > 51.15e0 AND p.speed_kn < 51.25e0) OR (p.speed_kn > 62.95e0 AND p.speed_kn < 63.05e0)
      OR p.speed_kn > 102.25e0 OR p.speed_kn < 0e0 THEN CAST(NULL AS DOUBLE)
      WHEN p.course_deg > 359.95e0 AND p.speed_kn <= 0.35e0 THEN 0e0 ELSE p.speed_kn END AS speed_kn,
    p.course_deg, COALESCE(p.msg_type, 1) <> 27 AS is_fine
  FROM position AS p LEFT JOIN doubled AS d ON d.mmsi = p.mmsi AND d.ts = p.ts AND p.msg_type = 27
  WHERE d.mmsi IS NULL AND p.lat_udeg BETWEEN -90000000 AND 90000000 AND p.lon_udeg BETWEEN -180000000 AND 180000000
    AND COALESCE(p.msg_type, 1) NOT IN (4, 9, 11, 21)
    AND (p.mmsi BETWEEN 100000000 AND 899999999 OR p.mmsi BETWEEN 980000000 AND 989999999)
    AND NOT p.mmsi BETWEEN 111000000 AND 111999999),
ordered AS (
  SELECT mmsi, ts, lat_udeg, lon_udeg, speed_kn, is_fine,
    LAG(ts) OVER w AS p_ts, LAG(lat_udeg) OVER w AS p_lat_udeg, LAG(lon_udeg) OVER w AS p_lon_udeg,
    LAG(speed_kn) OVER w AS p_speed_kn, course_deg, LAG(course_deg) OVER w AS p_course_deg
  FROM usable
  WINDOW w AS (PARTITION BY mmsi ORDER BY ts, lat_udeg, lon_udeg, speed_kn)),
told AS (
  SELECT mmsi, ts, lat_udeg, lon_udeg, speed_kn, is_fine, p_ts, p_lat_udeg, p_lon_udeg, ts - p_ts AS dt_ms,
    distance_m(p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg) AS dist_m
  FROM ordered
  WHERE p_ts IS NULL
    OR NOT (lat_udeg = p_lat_udeg AND lon_udeg = p_lon_udeg
      AND (ts = p_ts OR COALESCE(speed_kn > 0.5e0 AND speed_kn = p_speed_kn AND course_deg = p_course_deg, FALSE))))
SELECT mmsi, ts, lat_udeg, lon_udeg, speed_kn, is_fine, p_ts, p_lat_udeg, p_lon_udeg, dt_ms, dist_m,
  COALESCE(dist_m / 1852e0 > $max_knots * SQRT(POWER(dt_ms / 3600000e0, 2) + POWER($buffer_h, 2)), FALSE) AS jumps
FROM told
