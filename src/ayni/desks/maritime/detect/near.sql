-- Every tenth minute at which two ships were within $distance_m metres of each other, each pair once.
-- Left out: coarse reports (type 27), craft with a parent ship's number (98…), which fishing gear bears, and an MMSI
-- that several ships use, of which nobody can say who met whom.
-- `square` is one number for a tenth minute and a cell: one number is found sooner than three.
WITH placed AS (
  SELECT mmsi, b, lat_udeg, lon_udeg, nth, leg_m, floor_div(lat_udeg, 10000) + 10000 AS cy,
    floor_div(lon_udeg + 180000000, 20000) AS cx
  FROM grid WHERE is_fine AND ship = 0 AND mmsi < 980000000),
spread AS (
  SELECT p.mmsi, p.b, p.lat_udeg, p.lon_udeg, p.nth, p.leg_m, n.dy <> 0 OR n.dx <> 0 AS aside,
    (p.b * 20000 + p.cy + n.dy) * 18000 + (p.cx + n.dx + 18000) % 18000 AS square
  FROM placed AS p CROSS JOIN (VALUES (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)) AS n(dy, dx)),
squared AS (
  SELECT mmsi, lat_udeg, lon_udeg, nth, leg_m, (b * 20000 + cy) * 18000 + cx AS square FROM placed),
pairs AS (
  SELECT a.b, a.mmsi < o.mmsi AS in_order, a.mmsi AS mmsi_a, a.nth AS nth_a, a.leg_m AS leg_a, a.lat_udeg AS lat_a,
    a.lon_udeg AS lon_a, o.mmsi AS mmsi_o, o.nth AS nth_o, o.leg_m AS leg_o, o.lat_udeg AS lat_o, o.lon_udeg AS lon_o,
    distance_m(a.lat_udeg, a.lon_udeg, o.lat_udeg, o.lon_udeg) AS dist_m
  FROM spread AS a JOIN squared AS o ON o.square = a.square
  WHERE a.mmsi <> o.mmsi AND (a.aside OR a.mmsi < o.mmsi)),
near AS (SELECT * FROM pairs WHERE dist_m <= $distance_m)
SELECT b, LEAST(mmsi_a, mmsi_o) AS mmsi_1, 0 AS ship_1, GREATEST(mmsi_a, mmsi_o) AS mmsi_2, 0 AS ship_2,
  CASE WHEN in_order THEN nth_a ELSE nth_o END AS nth_1, CASE WHEN in_order THEN nth_o ELSE nth_a END AS nth_2,
  CASE WHEN in_order THEN leg_a ELSE leg_o END AS leg_1_m, CASE WHEN in_order THEN leg_o ELSE leg_a END AS leg_2_m,
  CASE WHEN in_order THEN lat_a ELSE lat_o END AS lat_1, CASE WHEN in_order THEN lon_a ELSE lon_o END AS lon_1,
  CASE WHEN in_order THEN lat_o ELSE lat_a END AS lat_2, CASE WHEN in_order THEN lon_o ELSE lon_a END AS lon_2, dist_m
FROM near
