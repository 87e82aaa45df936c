-- Customers: their last events, and each as known at the run date's end.

CREATE TEMP TABLE customer_sequences AS
WITH newest AS (
    SELECT customer_id, event_at, hash(event_id)::HUGEINT - 9223372036854775808 AS tie_break,
           item_id, event_type, price
    FROM events WHERE customer_id IS NOT NULL AND item_id IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY customer_id
                               ORDER BY event_at DESC, hash(event_id) DESC) <= $sequence_length
)
SELECT customer_id, list({event_at: event_at, tie_break: tie_break::BIGINT, item_id: item_id,
                          event_type: event_type, price: price} ORDER BY event_at, tie_break)
           AS events,
       count(*) AS event_count, DATE '$run_date' AS feature_date
FROM newest GROUP BY customer_id;

COPY customer_sequences TO '$out/customer_sequences.parquet';

CREATE TEMP TABLE known AS
SELECT customer_id, category, brand
FROM (SELECT customer_id, unnest(events).item_id AS item_id FROM customer_sequences)
LEFT JOIN items_now USING (item_id);

CREATE TEMP VIEW categories AS
WITH counted AS (
    SELECT customer_id, category, count(*) AS events FROM known WHERE category IS NOT NULL
    GROUP BY ALL
), shared AS (
    SELECT *, events / sum(events) OVER (PARTITION BY customer_id) AS share,
           row_number() OVER (PARTITION BY customer_id ORDER BY events DESC, category) AS place
    FROM counted
)
SELECT customer_id, max(category) FILTER (place = 1) AS top_category,
       max(share) FILTER (place = 1) AS category_share,
       abs(round(-sum(share * log2(share)), 12)) AS category_entropy
FROM shared GROUP BY customer_id;

CREATE TEMP VIEW brands AS
WITH counted AS (
    SELECT customer_id, brand, count(*) AS events FROM known WHERE brand IS NOT NULL
    GROUP BY ALL
), shared AS (
    SELECT *, events / sum(events) OVER (PARTITION BY customer_id) AS share,
           row_number() OVER (PARTITION BY customer_id ORDER BY events DESC, brand) AS place
    FROM counted
)
SELECT customer_id, max(brand) FILTER (place = 1) AS top_brand,
       max(share) FILTER (place = 1) AS brand_share,
       abs(round(-sum(share * log2(share)), 12)) AS brand_entropy
FROM shared GROUP BY customer_id;

CREATE TEMP VIEW customers_now AS
SELECT customer_id, age_band, gender, country, region FROM customers
WHERE known_from <= DATE '$run_date'
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY known_from DESC) = 1;

CREATE TEMP MACRO within(days, age, value) AS
    sum(CASE WHEN age < days THEN value ELSE 0 END)::BIGINT;

CREATE TEMP MACRO spent_within(days, age, value) AS
    sum(CASE WHEN age < days THEN value ELSE 0 END)::DOUBLE;

CREATE TEMP VIEW totals AS
WITH aged AS (
    SELECT *, DATE '$run_date' - event_date AS age FROM customer_daily
    WHERE DATE '$run_date' - event_date BETWEEN 0 AND 364
), sums AS (
    SELECT customer_id, min(age) AS days_since_last_event,
           min(age) FILTER (order_count > 0) AS days_since_last_order,
           max(age) FILTER (order_count > 0) AS days_since_first_order,
           count(*) FILTER (order_count > 0) AS order_days, count(*) AS active_days_365d,
           within(7, age, order_count) AS orders_7d,
           within(30, age, order_count) AS orders_30d,
           within(90, age, order_count) AS orders_90d, within(365, age, order_count) AS orders_365d,
           spent_within(7, age, amount) AS amount_7d,
           spent_within(30, age, amount) AS amount_30d,
           spent_within(90, age, amount) AS amount_90d,
           spent_within(365, age, amount) AS amount_365d,
           within(7, age, view_count) AS views_7d,
           within(30, age, view_count) AS views_30d,
           within(90, age, view_count) AS views_90d,
           within(30, age, search_count) AS searches_30d,
           within(30, age, cart_count) AS carts_30d,
           within(30, age, session_count) AS sessions_30d,
           within(90, age, session_count) AS sessions_90d,
           within(90, age, return_count) AS returns_90d,
           within(90, age, campaign_click_count) AS campaign_clicks_90d,
           within(90, age, coupon_count) AS coupon_purchases_90d,
           within(365, age, coupon_count) AS coupon_purchases_365d,
           within(90, age, purchase_count) AS purchases,
           within(90, age, discounted_count) AS discounted,
           spent_within(90, age, discount) AS discount,
           within(90, age, cart_session_count) AS carted,
           within(90, age, abandoned_cart_count) AS abandoned,
           within(90, age, event_count) AS events,
           within(90, age, night_count) AS night,
           within(90, age, morning_count) AS morning,
           within(90, age, afternoon_count) AS afternoon,
           within(90, age, CASE WHEN dayofweek(event_date) IN (0, 6) THEN event_count ELSE 0 END)
               AS weekend
    FROM aged GROUP BY customer_id
)
SELECT * FROM sums;

COPY (
    WITH spans AS (
        SELECT *, CASE WHEN order_days > 1 THEN
                   (days_since_first_order - days_since_last_order) / (order_days - 1) END AS gap
        FROM totals
    )
    SELECT customer_id, days_since_last_event, days_since_last_order, active_days_365d,
           orders_7d, orders_30d, orders_90d, orders_365d, amount_7d, amount_30d,
           amount_90d, amount_365d, views_7d, views_30d, views_90d, searches_30d,
           carts_30d, sessions_30d, sessions_90d, returns_90d, campaign_clicks_90d,
           coupon_purchases_90d, coupon_purchases_365d,
           gap AS mean_days_between_orders,
           CASE WHEN gap > 0 THEN days_since_last_order / gap END AS order_overdue_ratio,
           discount / nullif(discount + amount_90d, 0) AS discount_share_90d,
           discounted / nullif(purchases, 0) AS discounted_purchase_share_90d,
           amount_90d / nullif(orders_90d, 0) AS mean_order_amount_90d,
           abandoned / nullif(carted, 0) AS cart_abandonment_share_90d,
           night / nullif(events, 0) AS night_share_90d,
           morning / nullif(events, 0) AS morning_share_90d,
           afternoon / nullif(events, 0) AS afternoon_share_90d,
           (events - night - morning - afternoon) / nullif(events, 0) AS evening_share_90d,
           weekend / nullif(events, 0) AS weekend_share_90d,
           top_category, category_share, category_entropy, top_brand, brand_share, brand_entropy,
           age_band, gender, country, region, DATE '$run_date' AS feature_date
    FROM spans LEFT JOIN categories USING (customer_id) LEFT JOIN brands USING (customer_id)
               LEFT JOIN customers_now USING (customer_id)
) TO '$out/customer_features.parquet';
