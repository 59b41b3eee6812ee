-- Positions that lie wholly inland, two kilometres or more from any shore, lake or charted river.
WITH dry AS (
  SELECT t.mmsi, t.ship, t.ts, t.p_ts, t.lat_udeg, t.lon_udeg, t.jumps, c.inland_mask,
    floor_div(t.lat_udeg, 20000) - 5 * floor_div(t.lat_udeg, 100000) AS row_in_cell,
    floor_div(t.lon_udeg, 20000) - 5 * floor_div(t.lon_udeg, 100000) AS column_in_cell
  FROM track AS t JOIN place AS c ON c.cell = cell(t.lat_udeg, t.lon_udeg)
  WHERE c.inland_mask > 0),
inland AS (
  SELECT mmsi, ship, ts, p_ts, lat_udeg, lon_udeg, jumps, LAG(ts) OVER (PARTITION BY mmsi, ship ORDER BY ts, lat_udeg, lon_udeg) AS p_dry_ms
  FROM dry
  WHERE CAST(FLOOR(inland_mask / POWER(2e0, row_in_cell * 5 + column_in_cell)) AS BIGINT) % 2 = 1),
numbered AS (
  SELECT mmsi, ship, ts, lat_udeg, lon_udeg, jumps, SUM(CASE WHEN p_dry_ms = p_ts THEN 0 ELSE 1 END) OVER (PARTITION BY mmsi, ship
      ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM inland),
runs AS (
  SELECT mmsi, ship, run, MIN(ts) AS started_ms, MAX(ts) AS ended_ms, COUNT(*) AS positions, MIN(lat_udeg) AS south,
    MAX(lat_udeg) AS north, MIN(lon_udeg) AS west, MAX(lon_udeg) AS east, MAX(CASE WHEN jumps THEN 1 ELSE 0 END) = 1 AS arrives_by_leap
  FROM numbered GROUP BY mmsi, ship, run HAVING COUNT(*) >= $least_positions),
departures AS (
  SELECT r.mmsi, r.ship, r.run, MAX(CASE WHEN t.jumps THEN 1 ELSE 0 END) = 1 AS leaves_by_leap
  FROM runs AS r JOIN track AS t ON t.mmsi = r.mmsi AND t.ship = r.ship AND t.p_ts = r.ended_ms
  GROUP BY r.mmsi, r.ship, r.run),
whole AS (SELECT mmsi, ship, SUM(positions) AS all_positions FROM hourly GROUP BY mmsi, ship),
told AS (
  SELECT r.mmsi, r.ship, r.started_ms, r.ended_ms, r.positions, r.arrives_by_leap OR COALESCE(d.leaves_by_leap, FALSE) OR r.ship > 0 AS by_leap, w.all_positions,
    CAST(ROUND((r.south + r.north) / 2e0) AS BIGINT) AS lat_udeg, CAST(ROUND((r.west + r.east) / 2e0) AS BIGINT) AS lon_udeg,
    distance_m(r.south, r.west, r.north, r.east) AS extent_m, v.name, v.callsign, v.imo
  FROM runs AS r JOIN whole AS w ON w.mmsi = r.mmsi AND w.ship = r.ship
  LEFT JOIN departures AS d ON d.mmsi = r.mmsi AND d.ship = r.ship AND d.run = r.run
  LEFT JOIN vessel AS v ON v.mmsi = r.mmsi)
SELECT t.mmsi AS key_0, t.ship AS key_1, t.started_ms AS key_2, t.mmsi, t.name, t.callsign, t.imo, t.started_ms, t.ended_ms,
  t.lat_udeg, t.lon_udeg, t.extent_m / 2e0 AS uncertainty_m, t.positions, t.extent_m, t.by_leap,
  distance_m(t.lat_udeg, t.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg) / 1000e0 AS shore_km, t.extent_m < 200e0 AS stands_still,
  t.positions < 0.5e0 * t.all_positions AS mostly_afloat
FROM told AS t LEFT JOIN place AS c ON c.cell = cell(t.lat_udeg, t.lon_udeg)
-- A craft that sails in and out without a leap, or is always inland, is on a river that no chart at hand shows.
WHERE t.by_leap AND (t.ship > 0 OR t.positions < $river_share * t.all_positions)
