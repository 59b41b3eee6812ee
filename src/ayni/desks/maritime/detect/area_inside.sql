-- Positions of ships inside the areas a user drew; an area may lie across the dateline.
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
  SELECT t.mmsi, t.ship, t.ts, t.p_ts, t.dt_ms, t.lat_udeg, t.lon_udeg, t.speed_kn, t.jumps, b.area_id, b.area_name, shortest(t.lon_udeg - b.base_udeg) AS x
  FROM track AS t CROSS JOIN boxes AS b
  WHERE t.lat_udeg >= b.south AND t.lat_udeg <= b.north AND shortest(t.lon_udeg - b.base_udeg) >= b.west
    AND shortest(t.lon_udeg - b.base_udeg) <= b.east),
inside AS (
  SELECT n.mmsi, n.ship, n.ts, n.p_ts, n.dt_ms, n.lat_udeg, n.lon_udeg, n.speed_kn, n.jumps, n.area_id, n.area_name
  FROM near AS n JOIN edges AS e ON e.area_id = n.area_id
  WHERE (e.y_1 > n.lat_udeg) <> (e.y_2 > n.lat_udeg)
    AND n.x < e.x_1 + (e.x_2 - e.x_1) * (CAST(n.lat_udeg - e.y_1 AS DOUBLE) / (e.y_2 - e.y_1))
  GROUP BY n.mmsi, n.ship, n.ts, n.p_ts, n.dt_ms, n.lat_udeg, n.lon_udeg, n.speed_kn, n.jumps, n.area_id, n.area_name
  HAVING COUNT(*) % 2 = 1)
SELECT * FROM inside
