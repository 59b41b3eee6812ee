-- Runs of closeness between two ships, joined over interruptions: what encounter asks.
-- A run ends where both ships were followed and were apart; not where one of them was not heard for a while.
WITH ordered AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, b, nth_1, nth_2, LAG(b) OVER w AS p_b, LAG(nth_1) OVER w AS p_nth_1,
    LAG(nth_2) OVER w AS p_nth_2
  FROM near WINDOW w AS (PARTITION BY mmsi_1, ship_1, mmsi_2, ship_2 ORDER BY b)),
numbered AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, b,
    SUM(CASE WHEN p_b IS NOT NULL AND (b - p_b = 1 OR ((nth_1 - p_nth_1 = 1 OR nth_2 - p_nth_2 = 1)
      AND b - p_b < $merge_h * 6e0)) THEN 0 ELSE 1 END)
      OVER (PARTITION BY mmsi_1, ship_1, mmsi_2, ship_2 ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM ordered),
runs AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, MIN(b) AS first_b, MAX(b) AS last_b
  FROM numbered GROUP BY mmsi_1, ship_1, mmsi_2, ship_2, run
  HAVING (MAX(b) - MIN(b)) * 10 >= $raw_min),
lagged AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, first_b, last_b,
    LAG(last_b) OVER (PARTITION BY mmsi_1, ship_1, mmsi_2, ship_2 ORDER BY first_b) AS p_last_b
  FROM runs),
joined AS (
  SELECT mmsi_1, ship_1, mmsi_2, ship_2, first_b, last_b,
    SUM(CASE WHEN first_b - p_last_b < $merge_h * 6e0 THEN 0 ELSE 1 END)
      OVER (PARTITION BY mmsi_1, ship_1, mmsi_2, ship_2 ORDER BY first_b
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS event
  FROM lagged)
SELECT mmsi_1, ship_1, mmsi_2, ship_2, MIN(first_b) AS first_b, MAX(last_b) AS last_b
FROM joined GROUP BY mmsi_1, ship_1, mmsi_2, ship_2, event
HAVING (MAX(last_b) - MIN(first_b)) * 10 >= $final_h * 60e0
