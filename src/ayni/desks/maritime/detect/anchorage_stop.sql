-- A ship that lay still for longer than $least_min minutes away from every known port.
WITH placed AS (
  SELECT y.mmsi, y.ship, y.started_ms, y.ended_ms, y.lat_udeg, y.lon_udeg, y.extent_m, c.nearest_state,
    COALESCE(distance_m(y.lat_udeg, y.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      370400e0) AS shore_m, COALESCE(c.land_share, 0) AS land_share
  FROM stay AS y LEFT JOIN place AS c ON c.cell = cell(y.lat_udeg, y.lon_udeg)
  WHERE y.ended_ms - y.started_ms > $least_min * 60000),
port_near AS (
  SELECT p.mmsi, p.ship, p.started_ms, MIN(distance_m(p.lat_udeg, p.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM placed AS p JOIN haven AS h ON h.cell = cell(p.lat_udeg, p.lon_udeg) GROUP BY p.mmsi, p.ship, p.started_ms),
others AS (
  SELECT p.mmsi, p.ship, p.started_ms, COUNT(DISTINCT o.mmsi) AS waiting
  FROM placed AS p JOIN placed AS o ON cell(o.lat_udeg, o.lon_udeg) = cell(p.lat_udeg, p.lon_udeg)
  WHERE o.mmsi <> p.mmsi AND o.started_ms < p.ended_ms AND o.ended_ms > p.started_ms
  GROUP BY p.mmsi, p.ship, p.started_ms)
SELECT p.mmsi AS key_0, p.ship AS key_1, p.started_ms AS key_2, p.mmsi, v.name, v.callsign, v.imo, p.started_ms, p.ended_ms,
  p.lat_udeg, p.lon_udeg, p.extent_m / 2e0 AS uncertainty_m, (p.ended_ms - p.started_ms) / 1000e0 AS stay_s, p.extent_m,
  p.shore_m / 1852e0 AS shore_nm, COALESCE(o.waiting, 0) AS waiting, COALESCE(o.waiting, 0) >= 2 AS has_company,
  p.shore_m < 2000e0 AS at_the_coast, COALESCE(n.port_m < 20000e0, FALSE) AS near_port,
  COALESCE(v.is_fishing, FALSE) AS is_fishing, COALESCE(v.is_tug OR v.is_service, FALSE) AS is_service
FROM placed AS p
LEFT JOIN port_near AS n ON n.mmsi = p.mmsi AND n.ship = p.ship AND n.started_ms = p.started_ms
LEFT JOIN others AS o ON o.mmsi = p.mmsi AND o.ship = p.ship AND o.started_ms = p.started_ms
LEFT JOIN vessel AS v ON v.mmsi = p.mmsi
WHERE COALESCE(n.port_m, 99000e0) > $port_km * 1000e0 AND p.land_share < 20
