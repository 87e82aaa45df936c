from pyspark.sql import SparkSession


def test_workers_import_pyspark_from_the_environment_without_reading_archives(
    spark: SparkSession,
) -> None:
    def place(_: int) -> tuple[str, list[str]]:
        import sys

        import pyspark

        return pyspark.__file__, [*sys.path, *sys.path_importer_cache]

    ((module, searched),) = spark.sparkContext.parallelize([0], 1).map(place).collect()
    assert "site-packages" in module
    assert not [place for place in searched if place.endswith((".jar", "pyspark.zip", "-src.zip"))]
