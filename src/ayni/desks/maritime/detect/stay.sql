-- One row a stay: a ship that kept within half a cable's length or swung round its anchor, over half an hour.
-- Still is under $still_kn knots over ten minutes; two stays at one place less than $apart_h hours apart are one.
WITH still AS (
  SELECT mmsi, ship, b, lat_udeg, lon_udeg, b - ROW_NUMBER() OVER (PARTITION BY mmsi, ship ORDER BY b) AS island
  FROM grid WHERE leg_m / 1852e0 * 6e0 < $still_kn),
runs AS (
  SELECT mmsi, ship, MIN(b) - 1 AS first_b, MAX(b) AS last_b, CAST(ROUND(AVG(lat_udeg)) AS BIGINT) AS lat_udeg,
    CAST(ROUND(AVG(lon_udeg)) AS BIGINT) AS lon_udeg, MIN(lat_udeg) AS min_lat, MAX(lat_udeg) AS max_lat,
    MIN(lon_udeg) AS min_lon, MAX(lon_udeg) AS max_lon
  FROM still GROUP BY mmsi, ship, island HAVING COUNT(*) >= 2),
ordered AS (
  SELECT mmsi, ship, first_b, last_b, lat_udeg, lon_udeg, min_lat, max_lat, min_lon, max_lon,
    LAG(last_b) OVER w AS p_last_b, LAG(lat_udeg) OVER w AS p_lat_udeg, LAG(lon_udeg) OVER w AS p_lon_udeg
  FROM runs WINDOW w AS (PARTITION BY mmsi, ship ORDER BY first_b)),
numbered AS (
  SELECT mmsi, ship, first_b, last_b, lat_udeg, lon_udeg, min_lat, max_lat, min_lon, max_lon,
    SUM(CASE WHEN p_last_b IS NOT NULL AND first_b - p_last_b <= $apart_h * 6e0
      AND distance_m(p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg) <= 500e0 THEN 0 ELSE 1 END)
      OVER (PARTITION BY mmsi, ship ORDER BY first_b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS stay
  FROM ordered)
SELECT mmsi, ship, MIN(first_b) AS first_b, MAX(last_b) AS last_b, MIN(first_b) * 600000 AS started_ms,
  MAX(last_b) * 600000 AS ended_ms, CAST(ROUND(AVG(lat_udeg)) AS BIGINT) AS lat_udeg,
  CAST(ROUND(AVG(lon_udeg)) AS BIGINT) AS lon_udeg,
  distance_m(MIN(min_lat), MIN(min_lon), MAX(max_lat), MAX(max_lon)) AS extent_m
FROM numbered GROUP BY mmsi, ship, stay
HAVING MAX(last_b) - MIN(first_b) >= 3
