using System.IO.Compression;
using System.Text;
using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Reading;

/// <summary>Encodings, gzip, separators, quotes and comments: the same table in all of them.</summary>
public sealed class TextTests : TestFolder
{
    private const string Table = "gène,a,b\nü x,1.5,2\nß,,-4e1\n";
    private static readonly double[] _values = [1.5, 2, double.NaN, -40];

    public static TheoryData<string> Encodings() => ["utf-8", "utf-8 with a mark", "utf-16le", "utf-16be", "utf-32le", "latin1"];

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Encodings_are_told_and_no_letter_changes(string name)
    {
        var bytes = Encode(name, Table);
        File.WriteAllBytes(PathOf("t.csv"), bytes);
        using (var gzip = new GZipStream(File.Create(PathOf("t.csv.gz")), CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        foreach (var file in new[] { "t.csv", "t.csv.gz" })
        {
            var source = MatrixSource.Open(PathOf(file));
            Assert.Equal(_values, Flat(Values(source)));
            Assert.Equal(["ü x", "ß"], source.RowNames);
            var said = $"{file} is not UTF-8 and was read as Latin-1";
            Assert.Equal(name == "latin1" ? 1 : 0, source.Facts.Notes.Count(n => n.Contains(said, StringComparison.Ordinal)));
            var array = DenseArray.Read(PathOf(file));
            Assert.Equal(["ü x", "ß"], array.RowNames);
            Assert.Equal(name == "latin1" ? 1 : 0, array.Notes.Count);
            MatrixStore.Ingest(PathOf(file), PathOf("store"), overwrite: true);
            Assert.Equal("ü x\nß\n", File.ReadAllText(PathOf("store/row-names.txt")));
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void So_are_those_of_triplets_MatrixMarket_and_lists_of_names(string name)
    {
        File.WriteAllBytes(PathOf("t.csv"), Encode(name, "user,item,rating\r\nü,a,1\r\nü,b,2\r\n\r\nv,a,3\r\n"));
        Assert.Equal(["v", "ü"], MatrixSource.Open(PathOf("t.csv")).RowNames);
        File.WriteAllBytes(PathOf("m.mtx"), Encode(name, "%%MatrixMarket matrix coordinate real general\n%gène\n1 2 1\n1 2 5\n"));
        Assert.Equal([0.0, 5], Flat(Values(MatrixSource.Open(PathOf("m.mtx")))));
        File.WriteAllBytes(PathOf("names.txt"), Encode(name, "ü\n\n"));
        var selected = MatrixSource.Open(PathOf("t.csv"), new MatrixOptions { Rows = Selection.Parse(PathOf("names.txt")) });
        Assert.Equal(["ü"], selected.RowNames);
        Assert.Equal(name == "latin1" ? 2 : 0, selected.Facts.Notes.Count);
    }

    [Fact]
    public void A_name_that_is_not_UTF8_far_behind_the_head_begins_the_reading_anew()
    {
        var lines = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"r{i},{i % 7},{i % 5},1\n"));
        File.WriteAllBytes(PathOf("t.csv"), Encoding.Latin1.GetBytes($"id,a,b,ç\n{lines}é,1,2,3\n"));
        var source = MatrixSource.Open(PathOf("t.csv"));
        Assert.Equal(200_001, source.Rows);
        Assert.Equal("é", source.RowNames[200_000]);
        Assert.Equal("ç", source.ColumnNames[2]);
    }

    [Theory]
    [InlineData("id,a,b\r\nx,1,2\r\ny,3,4\r\n\r\n  \r\n")]
    [InlineData("id;a;b\nx;1;2\ny;3;4")]
    [InlineData("id\ta\tb\nx\t1\t2\ny\t3\t4\n\n")]
    [InlineData("id a b\nx  1   2\n y 3 4 \n")]
    [InlineData("a b\nx 1 2\ny 3 4\n")]
    [InlineData("id::a::b\nx::1::2\ny::3::4\n")]
    [InlineData("\"id\",\"a\",\"b\"\n\"x\",1,\"2\"\n\"y\",\"3\",4\n")]
    [InlineData("# made by x\n# on monday, at 5, or so\nid,a,b\nx,1,2\ny,3,4\n")]
    [InlineData("#id,a,b\nx,1,2\ny,3,4\n")]
    [InlineData("## v1\n#id\ta\tb\nx\t1\t2\ny\t3\t4\n")]
    [InlineData("sep=;\nid;a;b\nx;1;2\ny;3;4\n")]
    [InlineData("# made by x\n#id,a,b\n\n#w,9,9\n#v,8,8\nx,1,2\ny,3,4\n")]
    [InlineData("##\n#w,9,9\n#v,8,8\nid,a,b\nx,1,2\ny,3,4\n")]
    public void Separators_line_ends_and_comments(string text)
    {
        var source = MatrixSource.Open(Text("t.txt", text));
        Assert.Equal([1.0, 2, 3, 4], Flat(Values(source)));
        Assert.Equal(["x", "y"], source.RowNames);
        Assert.Equal(["a", "b"], source.ColumnNames);
        var hasComments = text.StartsWith("# ", StringComparison.Ordinal) || text.StartsWith("##", StringComparison.Ordinal);
        Assert.Equal(hasComments ? 1 : 0, source.Facts.Notes.Count);
        var array = DenseArray.Read(PathOf("t.txt"));
        Assert.Equal([1.0, 2, 3, 4], array.Values);
        Assert.Equal(["x", "y"], array.RowNames);
    }

    // Three columns, as triplets have, and names twice: what stands below a # must be neither an entry nor a name of a column.
    [Theory]
    [InlineData("#g1,1,2\n#g1,2,3\n#g2,1,3\n", 3)]
    [InlineData("#g1,1,2\n", 1)]
    [InlineData("#w,1,1\n", 1)]
    [InlineData("#w,1.5,2\n", 1)]
    [InlineData("# by x\n#g1,1,2\n", 2)]
    public void Rows_that_were_commented_out_above_a_table_are_no_part_of_it(string comments, int count)
    {
        var source = MatrixSource.Open(Text("t.csv", comments + "x,1.5,2\ny,3,4\nz,1,3\n"));
        Assert.Equal([1.5, 2, 3, 4, 1, 3], Flat(Values(source)));
        Assert.Equal(["x", "y", "z"], source.RowNames);
        Assert.Contains(source.Facts.Notes, note =>
            note.StartsWith($"{count} line{(count == 1 ? "" : "s")} above the table", StringComparison.Ordinal));
    }

    [Fact]
    public void Numbers_that_name_columns_may_stand_below_a_hash()
    {
        var source = MatrixSource.Open(Text("t.csv", "# by x\n#country,1999,2000\nx,1,2\ny,3,4\n"));
        Assert.Equal([1.0, 2, 3, 4], Flat(Values(source)));
        Assert.Equal(["1999", "2000"], source.ColumnNames);
    }

    [Theory]
    [InlineData("\"a,b\"", "a,b")]
    [InlineData("\"say \"\"hi\"\"\"", "say \"hi\"")]
    [InlineData("5\" disk", "5\" disk")]
    [InlineData("\"Life\" of Brian", "\"Life\" of Brian")]
    [InlineData("\"\"\"q\"\"\"", "\"q\"")]
    [InlineData("o'clock", "o'clock")]
    public void Quotes_are_those_around_a_field(string field, string name)
    {
        var table = MatrixSource.Open(Text("t.csv", $"id,{field},c\n{field},1,\"2\"\nz,3,4\n"));
        Assert.Equal([name, "z"], table.RowNames);
        Assert.Equal([name, "c"], table.ColumnNames);
        Assert.Equal([1.0, 2, 3, 4], Flat(Values(table)));
        var triplets = MatrixSource.Open(Text("u.csv", $"user,item,rating\n{field},i,1\n{field},j,2\nz,i,3\n"));
        Assert.Equal(new[] { name, "z" }.Order(StringComparer.Ordinal), triplets.RowNames.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Ten_x_types_of_features_headers_and_blank_lines()
    {
        var matrix = "%%MatrixMarket matrix coordinate integer general\n3 2 6\n1 1 5\n2 1 5\n3 1 990\n1 2 5\n2 2 5\n3 2 10\n";
        Text("x/matrix.mtx", matrix);
        Text("x/barcodes.tsv", "barcode\nA\nB\n\n");
        Text("x/features.tsv", "E1\tG1\tGene Expression\nE2\tG2\tGene Expression\nADT1\tCD3\tAntibody Capture\n\n");
        var options = new MatrixOptions { Transform = Transform.Log1pCp10k };
        var source = MatrixSource.Open(PathOf("x"), options);
        Assert.Equal(["E1", "E2"], source.ColumnNames);
        Assert.All(Flat(Values(source)), v => Assert.Equal(double.LogP1(5000), v));
        Assert.Contains("the first line of barcodes.tsv (barcode) was taken as a header", source.Facts.Notes[0], StringComparison.Ordinal);
        Assert.Contains("2 Gene Expression, 1 Antibody Capture; kept: Gene Expression", source.Facts.Notes[1], StringComparison.Ordinal);
        MatrixStore.Ingest(PathOf("x"), PathOf("store"), options);
        Assert.Equal(Values(source), Values(MatrixSource.Open(PathOf("store"))));
        Assert.Equal([5.0, 5, 990, 5, 5, 10], Flat(Values(MatrixSource.Open(PathOf("x"), new MatrixOptions { FeatureTypes = ["all"] }))));
        string[] both = ["antibody capture", "Gene Expression"];
        Assert.Equal(3, MatrixSource.Open(PathOf("x"), new MatrixOptions { FeatureTypes = both }).Columns);

        void Bad(MatrixOptions how, string why) => Assert.Contains(
            why, Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("x"), how)).Message, StringComparison.Ordinal);
        Bad(new MatrixOptions { FeatureTypes = ["Peaks"] }, "no features of the type 'Peaks' (data.featureTypes); it has 2 Gene");
        Refused(PathOf("x/matrix.mtx"), new MatrixOptions { FeatureTypes = ["all"] }, "no 10x folder");
        Refused(PathOf("store"), new MatrixOptions { FeatureTypes = ["all"] }, "no 10x folder");
        Text("x/features.tsv", "E1\tG1\tCRISPR Guide Capture\nE2\tG2\tAntibody Capture\nADT1\tCD3\tAntibody Capture\n");
        Bad(new MatrixOptions(), "none is Gene Expression");
        Text("x/features.tsv", "E1\tG1\tchr1\nE2\tG2\tchr2\nADT1\tCD3\tchr1\n");
        Assert.Equal(3, MatrixSource.Open(PathOf("x")).Columns);
        Text("x/features.tsv", "E0\nE1\nE2\nE3\n");
        Bad(new MatrixOptions(), "features.tsv has 4 lines where the matrix has 3: if its first line (E0) is a header");
    }

    private static byte[] Encode(string name, string text)
    {
        Encoding encoding = name switch
        {
            "utf-8" => new UTF8Encoding(false),
            "utf-8 with a mark" => new UTF8Encoding(true),
            "utf-16le" => new UnicodeEncoding(false, true),
            "utf-16be" => new UnicodeEncoding(true, true),
            "utf-32le" => new UTF32Encoding(false, true),
            _ => Encoding.Latin1,
        };
        return [.. encoding.GetPreamble(), .. encoding.GetBytes(text)];
    }
}
