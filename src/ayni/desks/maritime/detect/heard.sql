-- How well a place was heard: positions and vessels by half-degree square and hour, from every ship there was.
SELECT floor_div(min_lat_udeg, 500000) AS square_y, floor_div(min_lon_udeg, 500000) AS square_x, hour, mmsi,
  SUM(positions) AS positions
FROM hourly GROUP BY floor_div(min_lat_udeg, 500000), floor_div(min_lon_udeg, 500000), hour, mmsi
