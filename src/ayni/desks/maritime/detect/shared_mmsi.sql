-- MMSIs under which two ships or more were heard in different places over the same hours.
WITH ships AS (
  SELECT mmsi, ship, MIN(ts) AS first_ms, MAX(ts) AS last_ms, COUNT(*) AS positions,
    CAST(ROUND(AVG(lat_udeg)) AS BIGINT) AS lat_udeg, CAST(ROUND(AVG(lon_udeg)) AS BIGINT) AS lon_udeg
  FROM track WHERE ship > 0 GROUP BY mmsi, ship HAVING COUNT(*) >= $least_positions),
both_there AS (
  SELECT a.mmsi, a.ship AS ship_a, o.ship AS ship_o, GREATEST(a.first_ms, o.first_ms) AS from_ms,
    LEAST(a.last_ms, o.last_ms) AS to_ms, distance_m(a.lat_udeg, a.lon_udeg, o.lat_udeg, o.lon_udeg) AS apart_m
  FROM ships AS a JOIN ships AS o ON o.mmsi = a.mmsi AND o.ship > a.ship
  WHERE LEAST(a.last_ms, o.last_ms) - GREATEST(a.first_ms, o.first_ms) >= $overlap_min * 60000),
sums AS (
  SELECT mmsi, COUNT(*) AS ships, SUM(positions) AS positions, SUM(last_ms - first_ms) AS sum_ms,
    MAX(last_ms) - MIN(first_ms) AS active_ms FROM ships GROUP BY mmsi),
shared AS (
  SELECT mmsi, MIN(from_ms) AS started_ms, MAX(to_ms) AS ended_ms, SUM(to_ms - from_ms) AS both_ms, MAX(apart_m) AS apart_m
  FROM both_there GROUP BY mmsi),
widest AS (
  SELECT o.mmsi, MIN(a.lat_udeg) AS lat_udeg, MIN(a.lon_udeg) AS lon_udeg, MIN(b.lat_udeg) AS end_lat_udeg,
    MIN(b.lon_udeg) AS end_lon_udeg
  FROM both_there AS o JOIN shared AS s ON s.mmsi = o.mmsi AND s.apart_m = o.apart_m
  JOIN ships AS a ON a.mmsi = o.mmsi AND a.ship = o.ship_a JOIN ships AS b ON b.mmsi = o.mmsi AND b.ship = o.ship_o
  GROUP BY o.mmsi)
SELECT s.mmsi AS key_0, floor_div(s.started_ms, 86400000) AS key_1, s.mmsi, s.started_ms, s.ended_ms, w.lat_udeg, w.lon_udeg,
  w.end_lat_udeg, w.end_lon_udeg, s.apart_m / 2e0 AS uncertainty_m, n.ships, n.positions, s.both_ms / 1000e0 AS both_s,
  s.apart_m / 1852e0 AS apart_nm, s.apart_m < 20000e0 AS is_close,
  s.mmsi IN (123456789, 987654321, 111111111, 222222222, 333333333, 444444444, 555555555, 666666666, 777777777, 888888888)
    OR s.mmsi % 1000000 = 0 OR s.mmsi < 200000000 AS is_default
FROM shared AS s JOIN sums AS n ON n.mmsi = s.mmsi JOIN widest AS w ON w.mmsi = s.mmsi
WHERE n.sum_ms > n.active_ms
