-- The first position of each ship in every half hour, and where its track breaks.
SELECT mmsi, ship, ts, lat_udeg, lon_udeg, COALESCE(jumps OR dt_ms > 21600000, TRUE) AS breaks
FROM track
WHERE p_ts IS NULL OR jumps OR floor_div(p_ts, 1800000) <> floor_div(ts, 1800000)
