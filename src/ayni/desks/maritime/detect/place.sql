-- The cells that ships were in, with the nearest point of the coast: small, so that every rule may ask it.
-- No row: more than 200 nautical miles from any land.
WITH visited AS (SELECT DISTINCT cell(lat_udeg, lon_udeg) AS cell FROM track)
SELECT s.cell, s.shore_lat_udeg, s.shore_lon_udeg, s.land_share, s.inland_mask, s.nearest_state
FROM visited AS v JOIN shore AS s ON s.cell = v.cell
