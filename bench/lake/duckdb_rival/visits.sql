-- Visits and customers' days, from one ordering of each customer's events.

CREATE TEMP TABLE timeline AS
WITH spaced AS (
    SELECT customer_id, event_at, event_type, order_id, quantity, amount, discount, coupon,
           campaign_id,
           coalesce(event_at - lag(event_at) OVER (PARTITION BY customer_id ORDER BY event_at)
                    > INTERVAL $gap_minutes MINUTE, true) AS opens
    FROM events WHERE customer_id IS NOT NULL
)
SELECT * EXCLUDE (opens),
       sum(opens::INTEGER) OVER (PARTITION BY customer_id ORDER BY event_at
                                 ROWS UNBOUNDED PRECEDING) AS visit
FROM spaced;

CREATE TEMP TABLE visits AS
SELECT customer_id, min(event_at) AS started_at, max(event_at) AS ended_at,
       count(*) AS event_count,
       count(*) FILTER (event_type = 'view') AS view_count,
       count(*) FILTER (event_type = 'search') AS search_count,
       count(*) FILTER (event_type = 'cart') AS cart_count,
       count(*) FILTER (event_type = 'purchase') AS purchase_count,
       coalesce(sum(amount) FILTER (event_type = 'purchase'), 0)::DECIMAL(18, 6) AS amount,
       arg_min(campaign_id, row(event_at, campaign_id)) FILTER (event_type = 'campaign_click')
           AS campaign_id,
       min(event_at) FILTER (event_type = 'view') AS viewed_at,
       min(event_at) FILTER (event_type = 'cart') AS carted_at,
       min(event_at) FILTER (event_type = 'purchase') AS purchased_at
FROM timeline GROUP BY customer_id, visit;

COPY (
    SELECT md5(concat_ws('|', customer_id, epoch_us(started_at))) AS session_id, customer_id,
           started_at, ended_at,
           epoch_us(ended_at) // 1000000 - epoch_us(started_at) // 1000000 AS duration_seconds,
           event_count, view_count, search_count, cart_count, purchase_count, amount,
           campaign_id,
           CASE WHEN purchase_count > 0 THEN 'purchased' WHEN cart_count > 0 THEN 'carted'
                WHEN view_count > 0 THEN 'viewed' ELSE 'none' END AS funnel_step,
           epoch_us(viewed_at) // 1000000 - epoch_us(started_at) // 1000000 AS seconds_to_view,
           epoch_us(carted_at) // 1000000 - epoch_us(started_at) // 1000000 AS seconds_to_cart,
           epoch_us(purchased_at) // 1000000 - epoch_us(started_at) // 1000000
               AS seconds_to_purchase,
           started_at::DATE AS session_date
    FROM visits
) TO '$out/sessions.parquet';

CREATE TEMP TABLE customer_daily AS
WITH days AS (
    SELECT customer_id, event_at::DATE AS event_date, count(*) AS event_count,
           count(*) FILTER (event_type = 'view') AS view_count,
           count(*) FILTER (event_type = 'search') AS search_count,
           count(*) FILTER (event_type = 'cart') AS cart_count,
           count(*) FILTER (event_type = 'purchase') AS purchase_count,
           count(*) FILTER (event_type = 'return') AS return_count,
           count(*) FILTER (event_type = 'campaign_click') AS campaign_click_count,
           count(*) FILTER (event_type = 'purchase' AND discount > 0) AS discounted_count,
           count(*) FILTER (event_type = 'purchase' AND coupon > 0) AS coupon_count,
           count(*) FILTER (hour(event_at) < 6) AS night_count,
           count(*) FILTER (hour(event_at) BETWEEN 6 AND 11) AS morning_count,
           count(*) FILTER (hour(event_at) BETWEEN 12 AND 17) AS afternoon_count,
           coalesce(sum(round(quantity * 1000)::BIGINT) FILTER (event_type = 'purchase'), 0)::BIGINT
               AS unit_thousandths,
           coalesce(sum(amount) FILTER (event_type = 'purchase'), 0)::DECIMAL(18, 6) AS amount,
           coalesce(sum(discount) FILTER (event_type = 'purchase'), 0)::DECIMAL(18, 6) AS discount,
           coalesce(sum(amount) FILTER (event_type = 'return'), 0)::DECIMAL(18, 6)
               AS returned_amount,
           max(event_at) AS last_event_at
    FROM timeline GROUP BY ALL
), orders AS (
    -- Without an order's name each moment of purchase is an order.
    SELECT customer_id, event_at::DATE AS event_date,
           count(DISTINCT coalesce(order_id, epoch_us(event_at)::VARCHAR)) AS order_count
    FROM timeline WHERE event_type = 'purchase' GROUP BY ALL
), begun AS (
    SELECT customer_id, started_at::DATE AS event_date, count(*) AS session_count
    FROM visits GROUP BY ALL
), carts AS (
    -- A visit counts for each of its days by what it has come to at midnight.
    SELECT customer_id, event_date, count(*) AS cart_session_count,
           count(*) FILTER (NOT purchased) AS abandoned_cart_count
    FROM (
        SELECT customer_id, event_at::DATE AS event_date, visit,
               bool_or(event_type = 'purchase') AS purchased
        FROM timeline WHERE event_type IN ('cart', 'purchase') GROUP BY ALL
        HAVING bool_or(event_type = 'cart')
    ) GROUP BY ALL
)
SELECT days.* EXCLUDE (event_date), coalesce(order_count, 0) AS order_count,
       coalesce(session_count, 0) AS session_count,
       coalesce(cart_session_count, 0) AS cart_session_count,
       coalesce(abandoned_cart_count, 0) AS abandoned_cart_count, event_date
FROM days LEFT JOIN orders USING (customer_id, event_date)
          LEFT JOIN begun USING (customer_id, event_date)
          LEFT JOIN carts USING (customer_id, event_date);

COPY customer_daily TO '$out/customer_daily.parquet';
