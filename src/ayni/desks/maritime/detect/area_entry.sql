-- Stays of ships inside the areas a user drew; an area may lie across the dateline.
WITH origin AS (
  SELECT area_id, lon_udeg AS base_udeg FROM (
    SELECT area_id, lon_udeg, ROW_NUMBER() OVER (PARTITION BY area_id ORDER BY seq, lat_udeg, lon_udeg) AS nth FROM area) AS numbered
  WHERE nth = 1),
corners AS (
  SELECT a.area_id, a.name, a.lat_udeg AS y, shortest(a.lon_udeg - o.base_udeg) AS x,
    ROW_NUMBER() OVER (PARTITION BY a.area_id ORDER BY a.seq, a.lat_udeg, a.lon_udeg) AS nth,
    COUNT(*) OVER (PARTITION BY a.area_id) AS corners
  FROM area AS a JOIN origin AS o ON o.area_id = a.area_id),
edges AS (
  SELECT a.area_id, a.x AS x_1, a.y AS y_1, b.x AS x_2, b.y AS y_2
  FROM corners AS a JOIN corners AS b ON b.area_id = a.area_id AND b.nth = CASE WHEN a.nth = a.corners THEN 1 ELSE a.nth + 1 END
  WHERE a.y <> b.y),
boxes AS (
  SELECT c.area_id, MIN(c.name) AS area_name, MIN(c.y) AS south, MAX(c.y) AS north, MIN(c.x) AS west, MAX(c.x) AS east,
    MIN(o.base_udeg) AS base_udeg
  FROM corners AS c JOIN origin AS o ON o.area_id = c.area_id GROUP BY c.area_id),
near AS (
  SELECT t.mmsi, t.ship, t.ts, t.p_ts, t.lat_udeg, t.lon_udeg, b.area_id, b.area_name, shortest(t.lon_udeg - b.base_udeg) AS x
  FROM track AS t CROSS JOIN boxes AS b
  WHERE t.lat_udeg >= b.south AND t.lat_udeg <= b.north AND shortest(t.lon_udeg - b.base_udeg) >= b.west
    AND shortest(t.lon_udeg - b.base_udeg) <= b.east),
inside AS (
  SELECT n.mmsi, n.ship, n.ts, n.p_ts, n.lat_udeg, n.lon_udeg, n.area_id, n.area_name
  FROM near AS n JOIN edges AS e ON e.area_id = n.area_id
  WHERE (e.y_1 > n.lat_udeg) <> (e.y_2 > n.lat_udeg)
    AND n.x < e.x_1 + (e.x_2 - e.x_1) * (CAST(n.lat_udeg - e.y_1 AS DOUBLE) / (e.y_2 - e.y_1))
  GROUP BY n.mmsi, n.ship, n.ts, n.p_ts, n.lat_udeg, n.lon_udeg, n.area_id, n.area_name
  HAVING COUNT(*) % 2 = 1),
ordered AS (
  SELECT mmsi, ship, ts, p_ts, lat_udeg, lon_udeg, area_id, area_name,
    LAG(ts) OVER (PARTITION BY mmsi, ship, area_id ORDER BY ts, lat_udeg, lon_udeg) AS p_in_ms
  FROM inside),
numbered AS (
  SELECT mmsi, ship, ts, p_ts, lat_udeg, lon_udeg, area_id, area_name,
    SUM(CASE WHEN p_in_ms = p_ts OR ts - p_in_ms <= $rejoin_min * 60000 THEN 0 ELSE 1 END) OVER (
      PARTITION BY mmsi, ship, area_id ORDER BY ts, lat_udeg, lon_udeg ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS visit
  FROM ordered),
visits AS (
  SELECT mmsi, ship, area_id, visit, MIN(area_name) AS area_name, MIN(ts) AS entered_ms, MAX(ts) AS last_ms, COUNT(*) AS positions,
    MIN(p_ts) AS before_ms
  FROM numbered GROUP BY mmsi, ship, area_id, visit),
places AS (
  SELECT v.mmsi, v.ship, v.area_id, v.visit, MIN(n.lat_udeg) AS lat_udeg, MIN(n.lon_udeg) AS lon_udeg
  FROM visits AS v JOIN numbered AS n ON n.mmsi = v.mmsi AND n.ship = v.ship AND n.area_id = v.area_id AND n.visit = v.visit
    AND n.ts = v.entered_ms
  GROUP BY v.mmsi, v.ship, v.area_id, v.visit),
life AS (SELECT mmsi, ship, MAX(last_ms) AS last_ms FROM hourly GROUP BY mmsi, ship)
SELECT v.mmsi AS key_0, v.ship AS key_1, v.area_id AS key_2, v.entered_ms AS key_3, v.mmsi, w.name, w.callsign, w.imo,
  v.entered_ms AS started_ms, CASE WHEN l.last_ms > v.last_ms THEN v.last_ms END AS ended_ms, p.lat_udeg, p.lon_udeg,
  200e0 AS uncertainty_m, v.area_name, (v.last_ms - v.entered_ms) / 1000e0 AS inside_s, v.positions,
  COALESCE(v.before_ms < v.entered_ms, FALSE) AS came_from_outside, NOT COALESCE(v.before_ms < v.entered_ms, FALSE) AS first_seen_inside,
  v.positions = 1 AS is_single, l.last_ms = v.last_ms AS still_inside
FROM visits AS v JOIN places AS p ON p.mmsi = v.mmsi AND p.ship = v.ship AND p.area_id = v.area_id AND p.visit = v.visit
JOIN life AS l ON l.mmsi = v.mmsi AND l.ship = v.ship LEFT JOIN vessel AS w ON w.mmsi = v.mmsi
WHERE v.last_ms - v.entered_ms >= $least_min * 60000
