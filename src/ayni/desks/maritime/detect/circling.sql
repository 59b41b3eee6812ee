-- Positions of the hours around which a ship went notably further than the place it kept to is wide: over three hours,
-- a straight course gives 1, a turn of 90° 1.4.
WITH three AS (
  SELECT mmsi, ship, hour, SUM(dist_m) OVER w AS dist_m, SUM(followed_ms) OVER w AS followed_ms,
    MIN(min_lat_udeg) OVER w AS south, MAX(max_lat_udeg) OVER w AS north, MIN(min_lon_udeg) OVER w AS west,
    MAX(max_lon_udeg) OVER w AS east
  FROM hourly
  WINDOW w AS (PARTITION BY mmsi, ship ORDER BY hour RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING)),
tight AS (
  SELECT DISTINCT mmsi, hour FROM three
  WHERE followed_ms > 600000 AND dist_m >= $wound * distance_m(south, west, north, east)
    AND distance_m(south, west, north, east) >= $least_m AND dist_m / 1852e0 / (followed_ms / 3600000e0) >= $least_kn),
around AS (
  SELECT DISTINCT t.mmsi, t.hour + n.shift AS hour FROM tight AS t CROSS JOIN (VALUES (-1), (0), (1)) AS n(shift))
SELECT p.mmsi, p.ts, p.lat_udeg, p.lon_udeg, p.speed_kn, p.course_deg
FROM around AS a JOIN position AS p ON p.mmsi = a.mmsi AND floor_div(p.ts, 3600000) = a.hour
WHERE p.lat_udeg BETWEEN -90000000 AND 90000000 AND p.lon_udeg BETWEEN -180000000 AND 180000000
