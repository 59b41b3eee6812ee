-- Waypoints of the ships that somewhere went notably further than the straight way, over six hours: the others have
-- not left any line.
WITH seen AS (
  SELECT mmsi, ship, ts, lat_udeg, lon_udeg, breaks, LAG(ts, 6) OVER w AS p_ts, LAG(lat_udeg, 6) OVER w AS p_lat_udeg,
    LAG(lon_udeg, 6) OVER w AS p_lon_udeg, LEAD(ts, 6) OVER w AS n_ts, LEAD(lat_udeg, 6) OVER w AS n_lat_udeg,
    LEAD(lon_udeg, 6) OVER w AS n_lon_udeg
  FROM waypoint WINDOW w AS (PARTITION BY mmsi, ship ORDER BY ts, lat_udeg, lon_udeg)),
bent AS (
  SELECT mmsi, ship
  FROM seen
  WHERE n_ts - p_ts <= 172800000
    AND distance_m(p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg) + distance_m(lat_udeg, lon_udeg, n_lat_udeg, n_lon_udeg)
      - distance_m(p_lat_udeg, p_lon_udeg, n_lat_udeg, n_lon_udeg) > 926e0
    AND distance_m(p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg) > 18520e0
  GROUP BY mmsi, ship HAVING COUNT(*) >= 2)
SELECT w.mmsi, w.ship, w.ts, w.lat_udeg, w.lon_udeg, w.breaks
FROM waypoint AS w JOIN bent AS b ON b.mmsi = w.mmsi AND b.ship = w.ship
