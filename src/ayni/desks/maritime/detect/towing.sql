-- Two ships that keep together and move at a towing pace, one of them a tug, away from ports.
WITH paced AS (
  SELECT n.mmsi_1, n.ship_1, n.mmsi_2, n.ship_2, n.b, n.lat_1, n.lon_1, n.dist_m, (n.leg_1_m + n.leg_2_m) / 2e0 / 1852e0 * 6e0 AS kn,
    a.is_tug AS first_is_tug,
    LAG(n.b) OVER (PARTITION BY n.mmsi_1, n.ship_1, n.mmsi_2, n.ship_2 ORDER BY n.b) AS p_b
  FROM near AS n JOIN vessel AS a ON a.mmsi = n.mmsi_1 JOIN vessel AS o ON o.mmsi = n.mmsi_2
  WHERE (a.is_tug OR o.is_tug) AND NOT (a.is_tug AND o.is_tug)
    AND (n.leg_1_m + n.leg_2_m) / 2e0 / 1852e0 * 6e0 >= $low_kn AND (n.leg_1_m + n.leg_2_m) / 2e0 / 1852e0 * 6e0 <= $high_kn),
numbered AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, b, lat_1, lon_1, dist_m, kn, first_is_tug,
    SUM(CASE WHEN b - p_b <= 3 THEN 0 ELSE 1 END) OVER (PARTITION BY mmsi_1, ship_1, mmsi_2, ship_2 ORDER BY b
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM paced),
runs AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, run, MIN(b) AS first_b, MAX(b) AS last_b, AVG(kn) AS mean_kn, AVG(dist_m) AS mean_m,
    MIN(CASE WHEN first_is_tug THEN 1 ELSE 0 END) = 1 AS first_is_tug, MIN(lat_1) AS lat_udeg, MIN(lon_1) AS lon_udeg
  FROM numbered GROUP BY mmsi_1, ship_1, mmsi_2, ship_2, run HAVING (MAX(b) - MIN(b)) * 600 > $least_s),
port_near AS (
  SELECT r.mmsi_1, r.mmsi_2, r.first_b, MIN(distance_m(r.lat_udeg, r.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM runs AS r JOIN haven AS h ON h.cell = cell(r.lat_udeg, r.lon_udeg) GROUP BY r.mmsi_1, r.mmsi_2, r.first_b)
SELECT r.mmsi_1 AS key_0, r.ship_1 AS key_1, r.mmsi_2 AS key_2, r.ship_2 AS key_3, r.first_b * 600000 AS key_4, r.mmsi_1, r.mmsi_2,
  r.first_b * 600000 AS started_ms, r.last_b * 600000 AS ended_ms, r.lat_udeg, r.lon_udeg, r.mean_m AS uncertainty_m,
  (r.last_b - r.first_b) * 600e0 AS together_s, r.mean_kn, r.mean_m,
  distance_m(r.lat_udeg, r.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg) / 1852e0 AS shore_nm,
  COALESCE(distance_m(r.lat_udeg, r.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg), 370400e0) > 44448e0 AS far_out
FROM runs AS r LEFT JOIN place AS c ON c.cell = cell(r.lat_udeg, r.lon_udeg)
LEFT JOIN port_near AS p ON p.mmsi_1 = r.mmsi_1 AND p.mmsi_2 = r.mmsi_2 AND p.first_b = r.first_b
WHERE COALESCE(p.port_m, 99000e0) >= $port_km * 1000e0
