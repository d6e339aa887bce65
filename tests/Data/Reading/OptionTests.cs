using FitCluster.Math.Numerics;
using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Reading;

public sealed class OptionTests : TestFolder
{
    private static readonly double[][] _x = Example(40, 12, seed: 3);

    [Theory]
    [InlineData(Transform.Log1p)]
    [InlineData(Transform.Log1pCp10k)]
    public void Transforms_equal_the_naive_ones_for_dense_and_sparse(Transform transform)
    {
        var expected =
            _x.Select(r => r.Select(v => double.LogP1(transform == Transform.Log1p ? v : v * (10_000 / r.Sum()))).ToArray()).ToArray();
        var options = new MatrixOptions { Transform = transform };
        var sparse = MatrixSource.Open(Text("x.mtx", Mtx(_x)), options);
        var dense = MatrixSource.Open(Text("x.csv", Dense(_x, Names('r', 40), Names('c', 12))), options);
        Assert.True(sparse.IsSparse);
        Assert.Equal(expected, Values(sparse));
        Assert.Equal(expected, Values(dense));
        Assert.Equal(Entries(_x).Count, sparse.StoredCount);
        Assert.Equal(sparse.ContentHash, dense.ContentHash);
    }

    [Fact]
    public void Totals_are_over_all_columns_also_when_some_are_selected()
    {
        var options = new MatrixOptions { Transform = Transform.Log1pCp10k, Columns = Selection.Parse("c2,c5,c9") };
        var source = MatrixSource.Open(Text("x.mtx", Mtx(_x)), options);
        Assert.Equal(["c2", "c5", "c9"], source.ColumnNames);
        Assert.Equal(_x.Select(r => new[] { 1, 4, 8 }.Select(j => double.LogP1(r[j] * (10_000 / r.Sum()))).ToArray()), Values(source));
    }

    [Fact]
    public void Transforms_refuse_values_they_are_not_made_for()
    {
        double[][] x = [[1, -0.5], [-2, 3]];
        var path = Text("n.mtx", Mtx(x));
        Refused(path, new MatrixOptions { Transform = Transform.Log1p }, "row 2", "-2");
        Refused(path, new MatrixOptions { Transform = Transform.Log1pCp10k }, "row 1", "-0.5");
    }

    [Theory]
    [InlineData("mtx")]
    [InlineData("csv")]
    [InlineData("triplets")]
    [InlineData("npz")]
    public void Rows_and_columns_are_selected_by_name_position_and_file(string format)
    {
        var path = format switch
        {
            "mtx" => Text("x.mtx", Mtx(_x)),
            "csv" => Text("x.csv", Dense(_x, Names('r', 40), Names('c', 12))),
            "npz" => Zip("x.npz", Scipy(_x, "csc")),
            _ => Text("t.csv", Triplets(_x, Names('r', 40), Names('c', 12), "user,item,rating")),
        };
        var options =
            new MatrixOptions { Rows = Selection.Parse("2-4,40"), Columns = Selection.Parse(Text("names.txt", "c7\nc3\n\nc12\n")) };
        var source = MatrixSource.Open(path, options);
        Assert.Equal(["r2", "r3", "r4", "r40"], source.RowNames);
        Assert.Equal(["c3", "c7", "c12"], source.ColumnNames);
        Assert.Equal(new[] { 1, 2, 3, 39 }.Select(i => new[] { 2, 6, 11 }.Select(j => _x[i][j]).ToArray()), Values(source));
    }

    [Fact]
    public void Zeros_are_missing_when_asked()
    {
        var options = new MatrixOptions { Missing = MissingEntries.Zeros };
        var sparse = MatrixSource.Open(Text("x.mtx", Mtx(_x)), options);
        var dense = MatrixSource.Open(Text("x.csv", Dense(_x, Names('r', 40), Names('c', 12))), options);
        Assert.Equal(UnstoredEntries.Missing, sparse.Unstored);
        Assert.True(dense.IsSparse);
        Assert.Equal((40 * 12) - Entries(_x).Count, dense.MissingCount);
        Assert.Equal(sparse.ContentHash, dense.ContentHash);
        Assert.NotEqual(sparse.ContentHash, MatrixSource.Open(PathOf("x.mtx")).ContentHash);
    }

    [Fact]
    public void Stored_zeros_are_dropped_unless_unstored_entries_are_missing()
    {
        var path = Text("z.csv", "user,item,rating\na,x,0\na,y,2\nb,x,1\n");
        Assert.Equal(2, MatrixSource.Open(path).StoredCount);
        Assert.Equal(2, MatrixSource.Open(path, new MatrixOptions { Missing = MissingEntries.Zeros }).StoredCount);
        var kept = MatrixSource.Open(path, new MatrixOptions { Missing = MissingEntries.Unstored });
        Assert.Equal([0, 2.0, 1, double.NaN], Flat(Values(kept)));
        Assert.Equal(1, kept.MissingCount);
    }

    [Theory]
    [InlineData(",a,b,c\nr1,NA,NA,0\nr2,NA,NA,NA\nr3,NA,1,0\n", MissingEntries.None, 1, 1, 1, 1)]
    [InlineData(",a,b,c\nr1,0,NA,0\nr2,NA,NA,0\nr3,NA,1,0\n", MissingEntries.Zeros, 0, 0, 2, 2)]
    [InlineData("%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 2\n2 2 0\n", MissingEntries.Unstored, 1, 1, 1, 1)]
    [InlineData("%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 2\n2 2 0\n", MissingEntries.None, 2, 2, 0, 0)]
    public void Rows_and_columns_without_an_observed_entry_are_told_from_those_of_zeros(
        string text, MissingEntries missing, long zeroRows, long zeroColumns, long rows, long columns)
    {
        var facts = MatrixSource.Open(Text("f.txt", text), new MatrixOptions { Missing = missing }).Facts;
        Assert.Equal(
            (zeroRows, zeroColumns, rows, columns), (facts.ZeroRows, facts.ZeroColumns, facts.UnobservedRows, facts.UnobservedColumns));
        Assert.Equal(rows > 0, facts.Warnings().Contains($"{(rows == 1 ? "1 row has" : "2 rows have")} no observed entry"));
    }

    [Fact]
    public void Facts_are_told()
    {
        var source = MatrixSource.Open(Text("f.csv", ",a,b,c\nr1,0,0,0\nr2,-1,0,2.5\nr3,4,0,1\n"));
        Assert.Equal(
            (1L, 1L, 1L, 1L), (source.Facts.ZeroRows, source.Facts.ZeroColumns, source.Facts.NegativeCount, source.Facts.NonIntegerCount));
        Assert.Equal(new MatrixEntry(1, 0, -1), source.Facts.FirstNegative);
        Assert.Equal(new MatrixEntry(1, 2, 2.5), source.Facts.FirstNonInteger);
        Assert.False(source.Facts.AreCounts);
        Assert.Equal(4, source.Facts.Lines().Count());
    }

    [Fact]
    public void A_block_of_rows_is_a_part_of_the_whole()
    {
        var x = Example(9, 4);
        x[4][1] = x[6][3] = double.NaN;
        foreach (var source in new[]
        {
            MatrixSource.Open(Text("x.mtx", Mtx(Example(9, 4)))), MatrixSource.Open(Text("x.csv", Dense(x, Names('r', 9), Names('c', 4))))
        })
        {
            var block = source.RowBlock(3, 4);
            var whole = source.RowBlock(0, 9);
            for (var i = 0; i < 4; i++)
            {
                if (source.IsSparse)
                {
                    Assert.Equal(whole.RowColumns(i + 3), block.RowColumns(i));
                    Assert.Equal(whole.RowValues(i + 3), block.RowValues(i));
                }
                else
                {
                    Assert.Equal(whole.DenseRows(i + 3, 1), block.DenseRows(i, 1));
                    Assert.Equal(whole.MissingColumns(i + 3), block.MissingColumns(i));
                }
            }

            Assert.Equal(source.RowStoredCounts.Skip(3).Take(4).Sum(), block.StoredCount);
            Assert.Throws<ArgumentOutOfRangeException>(() => source.RowBlock(6, 4));
        }
    }
}
