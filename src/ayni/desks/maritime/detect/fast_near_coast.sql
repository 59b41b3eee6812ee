-- Small craft at high speed close to the coast, outside the harbours.
WITH told AS (
include(fast_runs.sql)
),
port_near AS (
  SELECT t.mmsi, t.ship, t.started_ms, MIN(distance_m(t.lat_udeg, t.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM told AS t JOIN haven AS h ON h.cell = cell(t.lat_udeg, t.lon_udeg) GROUP BY t.mmsi, t.ship, t.started_ms)
SELECT t.mmsi AS key_0, t.ship AS key_1, t.started_ms AS key_2, t.mmsi, t.name, t.callsign, t.imo, t.started_ms, t.ended_ms,
  t.lat_udeg, t.lon_udeg, 3000e0 AS uncertainty_m, (t.ended_ms - t.started_ms) / 1000e0 AS run_s, t.mean_kn, t.shore_m / 1852e0 AS shore_nm,
  COALESCE(t.is_fishing, FALSE) AS is_fishing, COALESCE(t.is_pleasure, FALSE) AS is_pleasure, t.length_m
FROM told AS t LEFT JOIN port_near AS p ON p.mmsi = t.mmsi AND p.ship = t.ship AND p.started_ms = t.started_ms
WHERE t.shore_m <= $shore_nm * 1852e0 AND COALESCE(t.length_m, 0e0) <= $most_m AND NOT COALESCE(t.is_service OR t.is_merchant, FALSE)
  AND t.land_share < 20 AND COALESCE(p.port_m, 99000e0) >= $port_km * 1000e0
