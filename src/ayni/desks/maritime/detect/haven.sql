-- Ports and anchorages in the cells that ships were in.
WITH visited AS (SELECT DISTINCT cell(lat_udeg, lon_udeg) AS cell FROM track)
SELECT p.cell, p.port, p.name, p.lat_udeg AS port_lat_udeg, p.lon_udeg AS port_lon_udeg
FROM visited AS v JOIN port AS p ON p.cell = v.cell
