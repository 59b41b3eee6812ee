-- Where each ship was at every tenth minute, on the straight line between two reports less than $max_gap_s apart.
-- `nth` counts a ship's own rows; `leg_m` is the way since ten minutes before.
WITH stretches AS (
  SELECT mmsi, ship, ts, lat_udeg, lon_udeg, p_ts, p_lat_udeg, dt_ms, is_fine,
    p_lon_udeg, shortest(lon_udeg - p_lon_udeg) AS east_udeg,
    COALESCE(dt_ms >= $max_gap_s * 1000 OR jumps, TRUE) AS starts,
    floor_div(p_ts, 600000) + 1 AS first_b, floor_div(ts, 600000) AS last_b
  FROM track),
stretched AS (
  SELECT t.mmsi, t.ship, t.first_b + n.i AS b,
    t.p_lat_udeg + CAST(ROUND((t.lat_udeg - t.p_lat_udeg) * ((t.first_b + n.i) * 600000 - t.p_ts) / CAST(t.dt_ms AS DOUBLE))
      AS BIGINT) AS lat_udeg,
    t.p_lon_udeg + CAST(ROUND(t.east_udeg * ((t.first_b + n.i) * 600000 - t.p_ts) / CAST(t.dt_ms AS DOUBLE)) AS BIGINT)
      AS lon_udeg, t.is_fine
  FROM stretches AS t JOIN counts(13) AS n(k, i) ON n.k = t.last_b - t.first_b + 1
  WHERE t.dt_ms > 0 AND NOT t.starts
  UNION ALL
  SELECT mmsi, ship, last_b, lat_udeg, lon_udeg, is_fine FROM stretches WHERE starts AND last_b * 600000 = ts),
wrapped AS (
  SELECT mmsi, ship, b, lat_udeg, is_fine,
    CASE WHEN lon_udeg >= 180000000 THEN lon_udeg - 360000000 WHEN lon_udeg < -180000000 THEN lon_udeg + 360000000
      ELSE lon_udeg END AS lon_udeg
  FROM stretched),
ordered AS (
  SELECT mmsi, ship, b, lat_udeg, lon_udeg, is_fine, LAG(b) OVER w AS p_b, LAG(lat_udeg) OVER w AS p_lat_udeg,
    LAG(lon_udeg) OVER w AS p_lon_udeg, ROW_NUMBER() OVER w AS nth
  FROM wrapped WINDOW w AS (PARTITION BY mmsi, ship ORDER BY b, lat_udeg, lon_udeg))
SELECT mmsi, ship, b, lat_udeg, lon_udeg, is_fine, nth,
  CASE WHEN p_b = b - 1 THEN distance_m(p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg) END AS leg_m
FROM ordered
WHERE p_b IS NULL OR p_b < b
