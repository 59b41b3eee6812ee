-- Positions of the hours around which a ship went notably further than the place it kept to is wide: over three hours,
-- a straight course gives 1, a turn of 90° 1.4.
WITH beside AS (
  SELECT mmsi, ship, hour, dist_m, followed_ms, min_lat_udeg, max_lat_udeg, min_lon_udeg, max_lon_udeg,
    COALESCE(LAG(hour) OVER w = hour - 1, FALSE) AS p, LAG(dist_m) OVER w AS p_dist_m, LAG(followed_ms) OVER w AS p_followed_ms,
    LAG(min_lat_udeg) OVER w AS p_south, LAG(max_lat_udeg) OVER w AS p_north, LAG(min_lon_udeg) OVER w AS p_west,
    LAG(max_lon_udeg) OVER w AS p_east,
    COALESCE(LEAD(hour) OVER w = hour + 1, FALSE) AS n, LEAD(dist_m) OVER w AS n_dist_m, LEAD(followed_ms) OVER w AS n_followed_ms,
    LEAD(min_lat_udeg) OVER w AS n_south, LEAD(max_lat_udeg) OVER w AS n_north, LEAD(min_lon_udeg) OVER w AS n_west,
    LEAD(max_lon_udeg) OVER w AS n_east
  FROM hourly WINDOW w AS (PARTITION BY mmsi, ship ORDER BY hour)),
three AS (
  SELECT mmsi, hour, dist_m + CASE WHEN p THEN p_dist_m ELSE 0e0 END + CASE WHEN n THEN n_dist_m ELSE 0e0 END AS dist_m,
    followed_ms + CASE WHEN p THEN p_followed_ms ELSE 0 END + CASE WHEN n THEN n_followed_ms ELSE 0 END AS followed_ms,
    LEAST(min_lat_udeg, CASE WHEN p THEN p_south ELSE min_lat_udeg END, CASE WHEN n THEN n_south ELSE min_lat_udeg END) AS south,
    GREATEST(max_lat_udeg, CASE WHEN p THEN p_north ELSE max_lat_udeg END, CASE WHEN n THEN n_north ELSE max_lat_udeg END) AS north,
    LEAST(min_lon_udeg, CASE WHEN p THEN p_west ELSE min_lon_udeg END, CASE WHEN n THEN n_west ELSE min_lon_udeg END) AS west,
    GREATEST(max_lon_udeg, CASE WHEN p THEN p_east ELSE max_lon_udeg END, CASE WHEN n THEN n_east ELSE max_lon_udeg END) AS east
  FROM beside),
tight AS (
  SELECT DISTINCT mmsi, hour FROM three
  WHERE followed_ms > 600000 AND dist_m >= $wound * distance_m(south, west, north, east)
    AND distance_m(south, west, north, east) >= $least_m AND dist_m / 1852e0 / (followed_ms / 3600000e0) >= $least_kn),
around AS (
  SELECT DISTINCT t.mmsi, t.hour + n.shift AS hour FROM tight AS t CROSS JOIN (VALUES (-1), (0), (1)) AS n(shift))
SELECT p.mmsi, p.ts, p.lat_udeg, p.lon_udeg, p.speed_kn, p.course_deg
FROM around AS a JOIN position AS p ON p.mmsi = a.mmsi AND floor_div(p.ts, 3600000) = a.hour
WHERE p.lat_udeg BETWEEN -90000000 AND 90000000 AND p.lon_udeg BETWEEN -180000000 AND 180000000
