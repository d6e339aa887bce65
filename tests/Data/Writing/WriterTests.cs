using FitCluster.Data.Writing;
using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Writing;

public sealed class WriterTests : TestFolder
{
    private static readonly double[] _values = [1, -2.5, 1e-300, double.NaN, 5, 1.0 / 3];

    [Fact]
    public void Npy_is_written_in_parts_and_read_back()
    {
        using (var writer = new NpyWriter(PathOf("a/b.npy"), 3, 2))
        {
            writer.Append(_values.AsSpan(0, 3));
            Assert.False(File.Exists(PathOf("a/b.npy")));
            writer.Append(_values.AsSpan(3));
            writer.Finish();
        }

        var bytes = File.ReadAllBytes(PathOf("a/b.npy"));
        Assert.Equal(0, (bytes.Length - 48) % 64);
        Assert.Equal("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }",
            System.Text.Encoding.ASCII.GetString(bytes, 10, bytes.Length - 58).TrimEnd());
        var read = DenseArray.Read(PathOf("a/b.npy"));
        Assert.Equal((3, 2), (read.Rows, read.Columns));
        Assert.Equal(_values, read.Values);
        Assert.Equal(["b.npy"], Directory.GetFiles(PathOf("a")).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public void Npy_scalars_and_vectors()
    {
        NpyWriter.Write(PathOf("s.npy"), [2.5]);
        NpyWriter.Write(PathOf("v.npy"), _values, 6);
        Assert.Contains("'shape': (), ", File.ReadAllText(PathOf("s.npy")), StringComparison.Ordinal);
        Assert.Contains("'shape': (6,), ", File.ReadAllText(PathOf("v.npy")), StringComparison.Ordinal);
        Assert.Equal([2.5], DenseArray.Read(PathOf("s.npy")).Values);
        Assert.Equal((6, 1), (DenseArray.Read(PathOf("v.npy")).Rows, DenseArray.Read(PathOf("v.npy")).Columns));
    }

    [Fact]
    public void An_unfinished_file_does_not_appear()
    {
        using (var writer = new NpyWriter(PathOf("u.npy"), 2, 2))
        {
            writer.Append([1]);
            Assert.Throws<InvalidOperationException>(writer.Finish);
            Assert.Throws<InvalidOperationException>(() => writer.Append(new double[4]));
        }

        using (var table = new TsvWriter(PathOf("u.tsv"), "name", ["a"]))
        {
            table.Append("r", [1]);
            Assert.Throws<ArgumentException>(() => table.Append("r", [1, 2]));
        }

        Assert.Empty(Directory.GetFiles(PathOf(".")));
    }

    [Fact]
    public void Tables_have_names_and_exact_numbers()
    {
        TsvWriter.Write(PathOf("t.tsv"), ["r1", "r\t2", "r3"], ["a", "b"], _values);
        Assert.StartsWith("name\ta\tb\nr1\t1\t-2.5\nr 2\t1E-300\tNA\n", File.ReadAllText(PathOf("t.tsv")), StringComparison.Ordinal);
        var array = DenseArray.Read(PathOf("t.tsv"));
        Assert.Equal(_values, array.Values);
        Assert.Equal(["a", "b"], array.ColumnNames);
        Assert.Equal("r3", array.RowNames![2]);
        Assert.Equal(Values(MatrixSource.Open(PathOf("t.tsv"))).SelectMany(r => r), _values);
        TsvWriter.WriteNames(PathOf("rows.tsv"), ["x", "y"]);
        Assert.Equal("name\nx\ny\n", File.ReadAllText(PathOf("rows.tsv")));
    }

    [Theory]
    [InlineData("1,2\n3,4\n", false, false)]
    [InlineData("a,b\n1,2\n3,4\n", false, true)]
    [InlineData("name,a,b\nx,1,2\ny,3,4\n", true, true)]
    [InlineData(",a,b\n1,1,2\n2,3,4\n", true, true)]
    [InlineData("a,b\nx,1,2\ny,3,4\n", true, true)]
    [InlineData("x,1,2\ny,3,4\n", true, false)]
    [InlineData("\"\",\"V1\",\"V2\"\n\"1\",1,2\n\"2\",3,4\n", true, true)]
    [InlineData(",0,1\n0,1,2\n1,3,4\n", true, true)]
    public void Small_arrays_with_and_without_names(string text, bool rows, bool columns)
    {
        var array = DenseArray.Read(Text("loadings.csv", text));
        Assert.Equal([1.0, 2, 3, 4], array.Values);
        Assert.Equal((2, 2), (array.Rows, array.Columns));
        Assert.Equal((rows, columns), (array.RowNames is not null, array.ColumnNames is not null));
        Assert.Equal(columns ? 2 : null, array.ColumnNames?.Count);
    }

    [Theory]
    [InlineData("s\n0.5\n0.25\n")]
    [InlineData("0.5\n0.25\n")]
    [InlineData("name,s\na,0.5\nb,0.25\n")]
    public void Vectors(string text)
    {
        var array = DenseArray.Read(Text("s.csv", text));
        Assert.Equal((2, 1), (array.Rows, array.Columns));
        Assert.Equal([0.5, 0.25], array.Values);
    }

    [Theory]
    [InlineData("a,b\n1,2\n3\n", "line 3")]
    [InlineData("a,b\n1,2\n3,x\n", "line 3")]
    [InlineData("", "empty")]
    [InlineData("a,b\n", "no rows")]
    public void Bad_small_arrays(string text, string mention) =>
        Assert.Contains(
            mention, Assert.Throws<DataException>(() => DenseArray.Read(Text("bad.csv", text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Npy_in_Fortran_order_is_turned()
    {
        var x = Example(4, 3);
        File.WriteAllBytes(PathOf("f.npy"), Npy(FlatFortran(x), "<f8", true, "(4, 3)"));
        Assert.Equal(Flat(x), DenseArray.Read(PathOf("f.npy")).Values);
    }
}
