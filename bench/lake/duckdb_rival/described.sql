-- Customers and items: a version of each description, written only when it has changed.
-- Words after a dollar sign are settings, folders and lists of files.

CREATE TEMP TABLE judged_customers AS
SELECT *, CASE WHEN malformed IS NOT NULL THEN 'malformed'
               WHEN trim(coalesce(customer_id, '')) = '' THEN 'no_customer_id' END AS reason
FROM read_parquet($raw_customers);

CREATE TEMP TABLE customers AS
WITH newest AS (
    SELECT * FROM judged_customers WHERE reason IS NULL
    QUALIFY row_number() OVER (
        PARTITION BY customer_id, file_date
        ORDER BY source_file DESC, age_band DESC NULLS LAST, income_band DESC NULLS LAST,
                 household_size DESC NULLS LAST, gender DESC NULLS LAST,
                 country DESC NULLS LAST, region DESC NULLS LAST) = 1
)
SELECT customer_id, age_band, income_band, household_size, gender, country, region,
       file_date AS known_from
FROM newest
QUALIFY lag(row(age_band, income_band, household_size, gender, country, region))
            OVER (PARTITION BY customer_id ORDER BY file_date)
        IS DISTINCT FROM row(age_band, income_band, household_size, gender, country, region);

COPY customers TO '$out/customers.parquet';

CREATE TEMP TABLE judged_items AS
SELECT *, CASE WHEN malformed IS NOT NULL THEN 'malformed'
               WHEN trim(coalesce(item_id, '')) = '' THEN 'no_item_id' END AS reason
FROM read_parquet($raw_items);

CREATE TEMP TABLE items AS
WITH newest AS (
    SELECT * FROM judged_items WHERE reason IS NULL
    QUALIFY row_number() OVER (
        PARTITION BY item_id, file_date
        ORDER BY source_file DESC, title DESC NULLS LAST, category DESC NULLS LAST,
                 brand DESC NULLS LAST, description DESC NULLS LAST, price DESC NULLS LAST,
                 currency DESC NULLS LAST, stock_units DESC NULLS LAST) = 1
)
SELECT item_id, title, category, brand, description, price, currency, stock_units,
       file_date AS known_from
FROM newest
QUALIFY lag(row(title, category, brand, description, price, currency, stock_units))
            OVER (PARTITION BY item_id ORDER BY file_date)
        IS DISTINCT FROM row(title, category, brand, description, price, currency, stock_units);

COPY items TO '$out/items.parquet';

-- Most descriptions differ from the one before only in stock: those are one version here.
CREATE TEMP TABLE versions AS
WITH changed AS (
    SELECT item_id, known_from, category, brand, price FROM items
    QUALIFY lag(row(category, brand, price)) OVER (PARTITION BY item_id ORDER BY known_from)
            IS DISTINCT FROM row(category, brand, price)
)
SELECT item_id AS version_of, category, brand, price AS list_price, known_from AS valid_from,
       lead(known_from, 1, DATE '9999-12-31')
           OVER (PARTITION BY item_id ORDER BY known_from) AS valid_until
FROM changed;
