-- One row a ship and hour: how far it went, how long it was followed, where it was, and how fast it said it was.
-- A step counts in the hour it ends in; breaks of the track count for nothing.
SELECT mmsi, ship, floor_div(ts, 3600000) AS hour, COUNT(*) AS positions, MIN(ts) AS first_ms, MAX(ts) AS last_ms,
  SUM(CASE WHEN jumps OR dt_ms > 28800000 THEN 0e0 ELSE COALESCE(dist_m, 0e0) END) AS dist_m,
  SUM(CASE WHEN jumps OR dt_ms > 28800000 THEN 0 ELSE COALESCE(dt_ms, 0) END) AS followed_ms,
  MAX(CASE WHEN jumps OR dt_ms > 28800000 THEN 1 ELSE 0 END) = 1 AS breaks,
  MIN(lat_udeg) AS min_lat_udeg, MAX(lat_udeg) AS max_lat_udeg,
  MIN(lon_udeg) AS min_lon_udeg, MAX(lon_udeg) AS max_lon_udeg,
  MAX(speed_kn) AS max_speed_kn, AVG(speed_kn) AS mean_speed_kn
FROM track
GROUP BY mmsi, ship, floor_div(ts, 3600000)
