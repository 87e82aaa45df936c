-- Items: their days, then each as known at the run date's end.

CREATE TEMP TABLE item_daily AS
SELECT item_id, count(*) FILTER (event_type = 'view') AS view_count,
       count(*) FILTER (event_type = 'cart') AS cart_count,
       count(*) FILTER (event_type = 'purchase') AS purchase_count,
       count(*) FILTER (event_type = 'return') AS return_count,
       coalesce(sum(round(quantity * 1000)::BIGINT) FILTER (event_type = 'purchase'), 0)::BIGINT
           AS unit_thousandths,
       coalesce(sum(amount) FILTER (event_type = 'purchase'), 0)::DECIMAL(18, 6) AS amount,
       event_date
FROM events WHERE item_id IS NOT NULL GROUP BY item_id, event_date;

COPY item_daily TO '$out/item_daily.parquet';

CREATE TEMP TABLE items_now AS
SELECT * FROM items WHERE known_from <= DATE '$run_date'
QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY known_from DESC) = 1;

COPY (
    WITH aged AS (
        SELECT *, DATE '$run_date' - event_date AS age,
               view_count + cart_count + purchase_count AS interactions
        FROM item_daily WHERE DATE '$run_date' - event_date BETWEEN 0 AND 29
    ), totals AS (
        SELECT item_id,
               coalesce(sum(purchase_count) FILTER (age < 7), 0)::BIGINT AS purchases_7d,
               sum(purchase_count)::BIGINT AS purchases_30d, sum(view_count)::BIGINT AS views_30d,
               sum(cart_count)::BIGINT AS carts_30d, sum(return_count)::BIGINT AS returns_30d,
               sum(unit_thousandths) / 1000 AS units_30d,
               sum(amount)::DOUBLE AS amount_30d, sum(interactions) AS seen
        FROM aged GROUP BY item_id
    ), dense AS (
        SELECT item_id, place, coalesce(interactions, 0) AS interactions
        FROM totals CROSS JOIN (SELECT unnest(range(30)) AS place)
        LEFT JOIN (SELECT item_id, 29 - age AS place, interactions FROM aged)
            USING (item_id, place)
    ), smooth AS (
        SELECT item_id, place, median(interactions) OVER (
            PARTITION BY item_id ORDER BY place
            ROWS BETWEEN $smoothing_reach PRECEDING AND $smoothing_reach FOLLOWING) AS interactions
        FROM dense
    ), trends AS (
        SELECT item_id, round(ln(1 + sum(interactions) FILTER (place >= 23) / 7)
                              - ln(1 + sum(interactions) FILTER (place < 23) / 23), 9) AS trend_30d
        FROM smooth GROUP BY item_id
    ), priced AS (
        SELECT totals.*, trend_30d, brand, stock_units,
               coalesce(category, 'unknown') AS category,
               coalesce(price, CASE WHEN units_30d > 0 THEN amount_30d / units_30d END)
                   AS price
        FROM totals JOIN trends USING (item_id) LEFT JOIN items_now USING (item_id)
    )
    SELECT item_id, category, brand, purchases_7d, purchases_30d, views_30d, carts_30d,
           returns_30d, units_30d, amount_30d,
           row_number() OVER (ORDER BY seen DESC, item_id) AS popularity_rank_30d, trend_30d, price,
           CASE WHEN price IS NOT NULL THEN percent_rank() OVER (
               PARTITION BY category, price IS NULL ORDER BY price) END AS price_position,
           stock_units, DATE '$run_date' AS feature_date
    FROM priced
) TO '$out/item_features.parquet';
