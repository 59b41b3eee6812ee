-- Several ships whose positions leap to one place within the hour: false satellite navigation over an area.
-- Not counted: a leap across a hole in the data, and a leap back to where the ship had been before.
WITH leaps AS (
  SELECT mmsi, p_ts, ts, p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg, dist_m, dist_m / 1852e0 / (dt_ms / 3600000e0) AS implied_kn,
    floor_div(lat_udeg, 50000) AS cy, floor_div(lon_udeg + 180000000, 50000) AS cx
  FROM step
  WHERE dt_ms > 0 AND dt_ms <= $hole_min * 60000 AND dist_m >= $least_nm * 1852e0
    AND dist_m / 1852e0 / (dt_ms / 3600000e0) > $speed_kn),
backward AS (
  SELECT DISTINCT l.mmsi, l.ts, l.lat_udeg, l.lon_udeg
  FROM leaps AS l JOIN step AS s ON s.mmsi = l.mmsi
  WHERE s.ts < l.ts AND s.ts >= l.ts - $before_h * 3600000 AND ABS(s.lat_udeg - l.lat_udeg) <= 100000
    AND ABS(shortest(s.lon_udeg - l.lon_udeg)) <= 100000),
away AS (
  SELECT l.mmsi, l.p_ts, l.ts, l.p_lat_udeg, l.p_lon_udeg, l.lat_udeg, l.lon_udeg, l.dist_m, l.implied_kn, l.cy, l.cx
  FROM leaps AS l LEFT JOIN backward AS b ON b.mmsi = l.mmsi AND b.ts = l.ts AND b.lat_udeg = l.lat_udeg
    AND b.lon_udeg = l.lon_udeg
  WHERE b.mmsi IS NULL),
popular AS (SELECT cy, cx, COUNT(DISTINCT mmsi) AS vessels FROM away GROUP BY cy, cx),
spread AS (
  SELECT a.mmsi, a.ts, a.lat_udeg, a.lon_udeg, a.cy + n.dy AS cy, (a.cx + n.dx + 7200) % 7200 AS cx
  FROM away AS a CROSS JOIN
    (VALUES (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)) AS n(dy, dx)),
ranked AS (
  SELECT s.mmsi, s.ts, s.lat_udeg, s.lon_udeg, p.cy, p.cx,
    ROW_NUMBER() OVER (PARTITION BY s.mmsi, s.ts, s.lat_udeg, s.lon_udeg ORDER BY p.vessels DESC, p.cy, p.cx) AS nth
  FROM spread AS s JOIN popular AS p ON p.cy = s.cy AND p.cx = s.cx),
-- A leap across the edge of a cell belongs to the neighbouring cell that more ships leapt to.
placed AS (
  SELECT a.mmsi, a.p_ts, a.ts, a.p_lat_udeg, a.p_lon_udeg, a.lat_udeg, a.lon_udeg, a.dist_m, a.implied_kn, r.cy, r.cx,
    LAG(a.ts) OVER (PARTITION BY r.cy, r.cx ORDER BY a.ts, a.mmsi, a.lat_udeg, a.lon_udeg) AS p_leap_ms
  FROM away AS a JOIN ranked AS r ON r.mmsi = a.mmsi AND r.ts = a.ts AND r.lat_udeg = a.lat_udeg AND r.lon_udeg = a.lon_udeg
  WHERE r.nth = 1),
numbered AS (
  SELECT mmsi, p_ts, ts, p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg, dist_m, implied_kn, cy, cx,
    SUM(CASE WHEN ts - p_leap_ms <= $within_min * 60000 THEN 0 ELSE 1 END) OVER (PARTITION BY cy, cx
      ORDER BY ts, mmsi, lat_udeg, lon_udeg ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS event
  FROM placed),
together AS (
  SELECT a.cy, a.cx, a.event, a.ts, a.mmsi, COUNT(DISTINCT o.mmsi) AS vessels
  FROM numbered AS a JOIN numbered AS o ON o.cy = a.cy AND o.cx = a.cx AND o.event = a.event
  WHERE o.ts >= a.ts AND o.ts <= a.ts + $within_min * 60000
  GROUP BY a.cy, a.cx, a.event, a.ts, a.mmsi),
events AS (
  SELECT DISTINCT cy, cx, event FROM together WHERE vessels >= $least_vessels),
first_leaps AS (
  SELECT n.cy, n.cx, n.event, n.mmsi, MIN(n.ts) AS ts FROM numbered AS n
  JOIN events AS e ON e.cy = n.cy AND e.cx = n.cx AND e.event = n.event GROUP BY n.cy, n.cx, n.event, n.mmsi),
listed AS (
  SELECT cy, cx, event, mmsi, ROW_NUMBER() OVER (PARTITION BY cy, cx, event ORDER BY ts, mmsi) AS nth FROM first_leaps),
named AS (
  SELECT cy, cx, event, COUNT(*) AS vessels, MAX(CASE WHEN nth = 1 THEN mmsi END) AS mmsi_1,
    MAX(CASE WHEN nth = 2 THEN mmsi END) AS mmsi_2, MAX(CASE WHEN nth = 3 THEN mmsi END) AS mmsi_3,
    MAX(CASE WHEN nth = 4 THEN mmsi END) AS mmsi_4, MAX(CASE WHEN nth = 5 THEN mmsi END) AS mmsi_5,
    MAX(CASE WHEN nth = 6 THEN mmsi END) AS mmsi_6
  FROM listed GROUP BY cy, cx, event),
told AS (
  SELECT n.cy, n.cx, n.event, MIN(n.ts) AS started_ms, MAX(n.ts) AS ended_ms, MIN(n.lat_udeg) AS lat_udeg,
    MIN(n.lon_udeg) AS lon_udeg, MAX(n.dist_m) AS far_m, MIN(n.dist_m) AS near_m, COUNT(*) AS leaps,
    MAX(n.p_lat_udeg) - MIN(n.p_lat_udeg) <= 500000 AS one_origin
  FROM numbered AS n JOIN events AS e ON e.cy = n.cy AND e.cx = n.cx AND e.event = n.event
  GROUP BY n.cy, n.cx, n.event)
SELECT t.cy * 7200 + t.cx AS key_0, t.started_ms AS key_1, v.mmsi_1, v.mmsi_2, v.mmsi_3, v.mmsi_4, v.mmsi_5, v.mmsi_6,
  t.started_ms, t.ended_ms, t.lat_udeg, t.lon_udeg, 5000e0 AS uncertainty_m, v.vessels, t.leaps,
  t.near_m / 1852e0 AS least_leap_nm, t.far_m / 1852e0 AS most_leap_nm, t.one_origin, v.vessels >= 5 AS many_vessels
FROM told AS t JOIN named AS v ON v.cy = t.cy AND v.cx = t.cx AND v.event = t.event
