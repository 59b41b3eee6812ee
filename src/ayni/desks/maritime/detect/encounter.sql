-- Two ships close together for hours, slow, away from ports, anchorages and quays.
WITH events AS (
include(meetings.sql)
),
members AS (
  SELECT e.mmsi_1, e.ship_1, e.mmsi_2, e.ship_2, e.first_b, e.last_b, n.b, n.dist_m, n.lat_1, n.lat_2,
    (n.leg_1_m + n.leg_2_m) / 2e0 / 1852e0 * 6e0 AS kn,
    MIN(n.lon_1) OVER (PARTITION BY e.mmsi_1, e.ship_1, e.mmsi_2, e.ship_2, e.first_b) AS base_lon, n.lon_1, n.lon_2
  FROM events AS e JOIN near AS n ON n.mmsi_1 = e.mmsi_1 AND n.ship_1 = e.ship_1 AND n.mmsi_2 = e.mmsi_2
    AND n.ship_2 = e.ship_2 AND n.b >= e.first_b AND n.b <= e.last_b),
placed AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, first_b, last_b, dist_m, kn, base_lon, lat_1, lat_2,
    shortest(lon_1 - base_lon) AS east_1, shortest(lon_2 - base_lon) AS east_2
  FROM members),
averaged AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, first_b, last_b, COUNT(*) AS close_count, MEDIAN(dist_m) AS median_m,
    MEDIAN(kn) AS median_kn, CAST(ROUND(AVG(lat_1 + lat_2) / 2e0) AS BIGINT) AS lat_udeg,
    MIN(base_lon) + CAST(ROUND(AVG(east_1 + east_2) / 2e0) AS BIGINT) AS lon_raw,
    GREATEST(distance_m(MIN(lat_1), MIN(east_1), MAX(lat_1), MAX(east_1)),
      distance_m(MIN(lat_2), MIN(east_2), MAX(lat_2), MAX(east_2))) AS extent_m
  FROM placed GROUP BY mmsi_1, ship_1, mmsi_2, ship_2, first_b, last_b),
met AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, first_b, last_b, close_count, median_m, median_kn, extent_m, lat_udeg,
    CASE WHEN lon_raw >= 180000000 THEN lon_raw - 360000000
      WHEN lon_raw < -180000000 THEN lon_raw + 360000000 ELSE lon_raw END AS lon_udeg
  FROM averaged WHERE COALESCE(median_kn, 0e0) < $speed_kn),
port_near AS (
  SELECT m.mmsi_1, m.ship_1, m.mmsi_2, m.ship_2, m.first_b,
    MIN(distance_m(m.lat_udeg, m.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM met AS m JOIN haven AS h ON h.cell = cell(m.lat_udeg, m.lon_udeg)
  GROUP BY m.mmsi_1, m.ship_1, m.mmsi_2, m.ship_2, m.first_b),
told AS (
  SELECT m.mmsi_1, m.ship_1, m.mmsi_2, m.ship_2, m.first_b, m.last_b, m.close_count, m.median_m, m.median_kn,
    m.extent_m, m.lat_udeg, m.lon_udeg, COALESCE(p.port_m, 99000e0) AS port_m,
    COALESCE(distance_m(m.lat_udeg, m.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      370400e0) AS shore_m,
    COALESCE(a.is_tug OR a.is_service, FALSE) OR COALESCE(o.is_tug OR o.is_service, FALSE) AS is_service,
    COALESCE(a.is_fishing, FALSE) AND COALESCE(o.is_fishing, FALSE) AS both_fish
  FROM met AS m
  LEFT JOIN port_near AS p ON p.mmsi_1 = m.mmsi_1 AND p.ship_1 = m.ship_1 AND p.mmsi_2 = m.mmsi_2
    AND p.ship_2 = m.ship_2 AND p.first_b = m.first_b
  LEFT JOIN place AS c ON c.cell = cell(m.lat_udeg, m.lon_udeg)
  LEFT JOIN vessel AS a ON a.mmsi = m.mmsi_1
  LEFT JOIN vessel AS o ON o.mmsi = m.mmsi_2)
SELECT mmsi_1 AS key_0, ship_1 AS key_1, mmsi_2 AS key_2, ship_2 AS key_3, first_b * 600000 AS key_4, mmsi_1, mmsi_2,
  first_b * 600000 AS started_ms, last_b * 600000 AS ended_ms, lat_udeg, lon_udeg, median_m AS uncertainty_m,
  (last_b - first_b) * 600e0 AS together_s, median_m, median_m / 1000e0 AS median_km, median_kn, close_count,
  shore_m / 1852e0 AS shore_nm, shore_m > 24e0 * 1852e0 AS far_out, shore_m <= 12e0 * 1852e0 AS close_in,
  extent_m < 300e0 AS lay_still, is_service, both_fish,
  LEAST(0.5e0, 0.25e0 + 0.025e0 * (last_b - first_b) / 6e0) AS length_weight
FROM told
WHERE port_m >= $port_km * 1000e0 AND shore_m > $shore_km * 1000e0 AND NOT (extent_m < 300e0 AND shore_m < 9260e0)
