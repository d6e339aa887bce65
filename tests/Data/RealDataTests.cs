using FitCluster.Tests;
using Xunit;

namespace FitCluster.Data.Tests;

public sealed class RealDataTests : TestFolder
{
    [Fact]
    public void Pbmc3k()
    {
        var source = MatrixSource.Open(SharedFolder.Require("data/pbmc3k-1000"));
        Assert.Equal((1000L, 2000, 565_063L), (source.Rows, source.Columns, source.StoredCount));
        Assert.Equal(0.28, source.StoredCount / (double)(source.Rows * source.Columns), 2);
        Assert.Equal(("cell-1", "MALAT1"), (source.RowNames[0], source.ColumnNames[0]));
        Assert.Equal(49, source.RowBlock(0, 1).RowValues(0)[0]);
        Assert.True(source.Facts.AreCounts);
        Assert.Equal(9, source.Shards().Count);
        var store = MatrixStore.Ingest(SharedFolder.Require("data/pbmc3k-1000"), PathOf("store"), memoryBytes: 1 << 20);
        Assert.Equal(source.ContentHash, store.ContentHash);
    }

    [Fact]
    public void MovieLens()
    {
        var path = SharedFolder.Require("data/ml-100k/ratings.csv.gz");
        var source = MatrixSource.Open(path, new MatrixOptions { Missing = MissingEntries.Zeros });
        Assert.Equal(MatrixFormat.Triplets, source.Facts.Format);
        Assert.Equal((943L, 1682, 100_000L), (source.Rows, source.Columns, source.StoredCount));
        Assert.Equal((943L * 1682) - 100_000, source.MissingCount);
        Assert.Equal(("1", "943", "1682"), (source.RowNames[0], source.RowNames[942], source.ColumnNames[1681]));
        Assert.Equal(3, Values(source)[195][241]);
        Assert.Equal(source.ContentHash,
            MatrixStore.Ingest(path, PathOf("store"), new MatrixOptions { Missing = MissingEntries.Zeros }, 1 << 20).ContentHash);
    }

    [Fact]
    public void A_list_of_pairs_with_labels_is_triplets() =>
        Assert.Equal(
            MatrixFormat.Triplets, MatrixSource.Open(SharedFolder.Require("data/regnet-sample/Full_set_downsampled_50.csv")).Facts.Format);

    [Fact]
    public void A_dense_expression_table() =>
        Assert.Equal(MatrixFormat.Dense,
            MatrixSource.Open(SharedFolder.Require("data/regnet-sample/BL--ExpressionData_downsampled_50.csv")).Facts.Format);
}
