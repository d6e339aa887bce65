using System.Buffers.Binary;
using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Reading;

public sealed class FormatTests : TestFolder
{
    private static readonly double[][] _x = Example();
    private static readonly string[] _rows = Names('r', 7);
    private static readonly string[] _columns = Names('c', 5);

    [Theory]
    [InlineData("a.mtx", true)]
    [InlineData("a.mtx.gz", false)]
    [InlineData("no-extension", true)]
    public void MatrixMarket_coordinate_is_read_in_either_order(string name, bool byColumn)
    {
        var source = MatrixSource.Open(Text(name, Mtx(_x, byColumn)));
        Assert.Equal(_x, Values(source));
        Assert.True(source.IsSparse);
        Assert.Equal(MatrixFormat.MatrixMarket, source.Facts.Format);
        Assert.Equal(_rows, source.RowNames);
        Assert.Equal(_columns, source.ColumnNames);
        Assert.Equal(Entries(_x).Count, source.StoredCount);
    }

    [Fact]
    public void MatrixMarket_array_is_dense_and_read_by_column()
    {
        var source = MatrixSource.Open(Text("a.mtx", MtxArray(_x)));
        Assert.False(source.IsSparse);
        Assert.Equal(_x, Values(source));
    }

    [Theory]
    [InlineData("coordinate real symmetric", "3 3 3\n1 1 5\n2 1 2\n3 2 4\n", new double[] { 5, 2, 0, 2, 0, 4, 0, 4, 0 })]
    [InlineData("coordinate real skew-symmetric", "3 3 2\n2 1 2\n3 2 4\n", new double[] { 0, -2, 0, 2, 0, -4, 0, 4, 0 })]
    [InlineData("coordinate unsigned-integer general", "2 2 2\n2 1 7\n1 2 4294967296\n", new double[] { 0, 4294967296, 7, 0 })]
    [InlineData("array unsigned-integer general", "2 2\n1\n2\n3\n4\n", new double[] { 1, 3, 2, 4 })]
    [InlineData("coordinate pattern general", "3 3 2\n2 1\n3 2\n", new double[] { 0, 0, 0, 1, 0, 0, 0, 1, 0 })]
    [InlineData("array real symmetric", "3 3\n1\n2\n3\n4\n5\n6\n", new double[] { 1, 2, 3, 2, 4, 5, 3, 5, 6 })]
    [InlineData("array real skew-symmetric", "3 3\n2\n3\n5\n", new double[] { 0, -2, -3, 2, 0, -5, 3, 5, 0 })]
    public void MatrixMarket_symmetries_and_patterns(string kind, string body, double[] expected) =>
        Assert.Equal(expected, Flat(Values(MatrixSource.Open(Text("s.mtx", $"%%MatrixMarket matrix {kind}\n{body}")))));

    [Theory]
    [InlineData(".gz", "features.tsv")]
    [InlineData("", "features.tsv")]
    [InlineData("", "genes.tsv")]
    public void A_10x_folder_has_cells_in_rows(string suffix, string features)
    {
        double[][] transposed = [.. Enumerable.Range(0, 5).Select(j => _x.Select(r => r[j]).ToArray())];
        Text($"tenx/matrix.mtx{suffix}", Mtx(transposed));
        Text($"tenx/barcodes.tsv{suffix}", string.Concat(_rows.Select(r => r + "-cell\n")));
        Text($"tenx/{features}{suffix}", string.Concat(_columns.Select(c => $"ENSG{c}\tsymbol\tGene Expression\r\n")));
        var source = MatrixSource.Open(PathOf("tenx"));
        Assert.Equal(_x, Values(source));
        Assert.Equal(MatrixFormat.TenX, source.Facts.Format);
        Assert.Equal("r3-cell", source.RowNames[2]);
        Assert.Equal("ENSGc2", source.ColumnNames[1]);
        Assert.Contains("5 features x 7 barcodes", source.Facts.Orientation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("d.csv", ',', "")]
    [InlineData("d.tsv", '\t', "gene")]
    [InlineData("d.tsv.gz", '\t', "")]
    [InlineData("d.csv", ';', "id")]
    public void Dense_text_has_names_and_missing_entries(string name, char delimiter, string corner)
    {
        var x = Example();
        x[1][2] = double.NaN;
        x[4][0] = double.NaN;
        var source = MatrixSource.Open(Text(name, Dense(x, _rows, _columns, delimiter, corner)));
        Assert.Equal(x, Values(source));
        Assert.Equal(2, source.MissingCount);
        Assert.Equal(_rows, source.RowNames);
        Assert.Equal(_columns, source.ColumnNames);
        Assert.Equal(MatrixFormat.Dense, source.Facts.Format);
    }

    [Fact]
    public void Dense_text_takes_empty_NaN_and_quotes_and_R_headers()
    {
        var source = MatrixSource.Open(Text("q.csv", "\"g,1\",\"say \"\"hi\"\"\",c3\n\"r 1\",1.5,,NaN\n\"r2\",-2e-3,NA,\"4\"\n"));
        Assert.Equal([1.5, double.NaN, double.NaN, -2e-3, double.NaN, 4], Flat(Values(source)));
        Assert.Equal(["g,1", "say \"hi\"", "c3"], source.ColumnNames);
        Assert.Equal(["r 1", "r2"], source.RowNames);
    }

    [Fact]
    public void A_file_of_numbers_alone_has_no_names()
    {
        var source = MatrixSource.Open(Text("plain.csv", "0.5,1,2\n3,4,5.5\n"));
        Assert.Equal([0.5, 1, 2, 3, 4, 5.5], Flat(Values(source)));
        Assert.Equal(["r1", "r2"], source.RowNames);
        Assert.Single(source.Facts.Notes);
    }

    [Theory]
    [InlineData("user,item,rating", ',', "")]
    [InlineData("userId,movieId,rating,timestamp", ',', ",881250949")]
    [InlineData(null, '\t', "")]
    [InlineData(null, ',', ",12")]
    public void Triplets_are_told_from_dense_text(string? header, char delimiter, string tail)
    {
        var source = MatrixSource.Open(Text("t.txt", Triplets(_x, _rows, _columns, header, delimiter, tail)));
        Assert.Equal(MatrixFormat.Triplets, source.Facts.Format);
        Assert.Equal(_x, Values(source));
        Assert.Equal(_rows, source.RowNames);
        Assert.Equal(_columns, source.ColumnNames);
    }

    [Fact]
    public void Whole_number_ids_make_triplets_without_a_header_and_come_in_numeric_order()
    {
        var source = MatrixSource.Open(Text("t.csv", "10,7,1\n10,30,2\n9,7,3\n9,30,4\n8,7,5\n8,30,6\n"));
        Assert.Equal(["8", "9", "10"], source.RowNames);
        Assert.Equal(["7", "30"], source.ColumnNames);
        Assert.Equal([5.0, 6, 3, 4, 1, 2], Flat(Values(source)));
    }

    [Fact]
    public void The_format_asked_for_wins()
    {
        var path = Text("three.csv", "name,value,other\na,1,2\nb,3,4\n");
        Assert.Equal(MatrixFormat.Dense, MatrixSource.Open(path).Facts.Format);
        var source = MatrixSource.Open(path, new MatrixOptions { Format = MatrixFormat.Triplets });
        Assert.Equal(["1", "3"], source.ColumnNames);
        Assert.Equal([2.0, 0, 0, 4], Flat(Values(source)));
    }

    [Theory]
    [InlineData("<f8", false, 1)]
    [InlineData("<f8", true, 2)]
    [InlineData("<f4", false, 3)]
    [InlineData(">f8", true, 1)]
    [InlineData("<i8", false, 1)]
    [InlineData(">i4", true, 1)]
    [InlineData("<u2", false, 1)]
    [InlineData("|i1", false, 1)]
    [InlineData("|b1", true, 1)]
    public void Npy_arrays_of_every_kind(string descr, bool fortran, int version)
    {
        double[][] x = [.. Example().Select(r => r.Select(v => descr == "|b1" ? double.Min(v, 1) : double.Floor(v)).ToArray())];
        x = [.. x.Select(r => r.Select(v => descr == "|b1" ? double.Sign(v) : v).ToArray())];
        var bytes = (fortran ? FlatFortran(x) : Flat(x)).SelectMany(v => Encode(v, descr)).ToArray();
        File.WriteAllBytes(PathOf("a.npy"), NpyRaw(bytes, descr, fortran, "(7, 5)", version));
        var source = MatrixSource.Open(PathOf("a.npy"));
        Assert.Equal(x, Values(source));
        using (var gzip = new System.IO.Compression.GZipStream(
            File.Create(PathOf("a.npy.gz")), System.IO.Compression.CompressionLevel.Fastest))
        {
            gzip.Write(NpyRaw(bytes, descr, fortran, "(7, 5)", version));
        }

        Assert.Equal(x, Values(MatrixSource.Open(PathOf("a.npy.gz"))));
        Assert.Equal(x, Values(MatrixSource.Open(Zip("a.npz", ("arr_0", NpyRaw(bytes, descr, fortran, "(7, 5)", version))))));
    }

    [Theory]
    [InlineData("csr")]
    [InlineData("csc")]
    [InlineData("coo")]
    public void Scipy_matrices(string kind)
    {
        var source = MatrixSource.Open(Zip("s.npz", Scipy(_x, kind)));
        Assert.True(source.IsSparse);
        Assert.Equal(_x, Values(source));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public void A_gzip_file_of_several_members_and_zeros_behind_them_is_whole(int zeros)
    {
        var text = Mtx(_x);
        Text("one.gz", text[..60]);
        Text("two.gz", text[60..]);
        File.WriteAllBytes(
            PathOf("both.mtx.gz"),
            [.. File.ReadAllBytes(PathOf("one.gz")), .. File.ReadAllBytes(PathOf("two.gz")), .. new byte[zeros]]);
        Assert.Equal(_x, Values(MatrixSource.Open(PathOf("both.mtx.gz"))));
    }

    private static byte[] Encode(double value, string descr)
    {
        var bytes = new byte[descr[2] - '0'];
        switch (descr)
        {
            case "<f8": BinaryPrimitives.WriteDoubleLittleEndian(bytes, value); break;
            case ">f8": BinaryPrimitives.WriteDoubleBigEndian(bytes, value); break;
            case "<f4": BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value); break;
            case "<i8": BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value); break;
            case ">i4": BinaryPrimitives.WriteInt32BigEndian(bytes, (int)value); break;
            case "<u2": BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value); break;
            default: bytes[0] = (byte)value; break;
        }

        return bytes;
    }
}
