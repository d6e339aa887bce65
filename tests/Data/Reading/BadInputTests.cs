using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Reading;

public sealed class BadInputTests : TestFolder
{
    private const string Banner = "%%MatrixMarket matrix coordinate real general\n";

    [Theory]
    [InlineData("2 2 1\n0 1 5\n", "line 3", "row 0 is not within 1 to 2")]
    [InlineData("2 2 1\n1 3 5\n", "line 3", "column 3 is not within 1 to 2")]
    [InlineData("2 2 1\n1 x 5\n", "line 3", "no column index")]
    [InlineData("2 2 1\n1 2 five\n", "line 3, field 3", "\"five\" is not a number")]
    [InlineData("2 2 1\n1 2 NaN\n", "line 3, field 3", "not finite")]
    [InlineData("2 2 1\n1 2 inf\n", "line 3, field 3", "not finite")]
    [InlineData("2 2 2\n1 2 3\n", "has 1 entries", "says 2")]
    [InlineData("2 2 1\n1 2 3\n2 2 3\n", "at least 2 entries", "says 1")]
    [InlineData("2 2\n", "line 2", "size line")]
    [InlineData("2 2 3\n1 1 1\n2 2 5\n1 1 4\n", "row r1 and column c1 is given twice", "line 3 and at line 5")]
    [InlineData("0 2 0\n", "no rows", "")]
    [InlineData("2 1 1\n1 1 1\n", "one column", "at least two")]
    [InlineData("", "ends before its size line", "")]
    public void MatrixMarket(string body, string first, string second) => Refused(Text("bad.mtx", Banner + body), null, first, second);

    [Fact]
    public void MatrixMarket_of_an_unsupported_kind() =>
        Refused(Text("bad.mtx", "%%MatrixMarket matrix coordinate complex general\n"), null, "complex", "not supported");

    [Theory]
    [InlineData(",a,b\nr1,1,2\nr2,3\n", "line 3", "2 fields where 3")]
    [InlineData(",a,b\nr1,1,2\nr2,3,4,5\n", "line 3", "4 fields where 3")]
    [InlineData(",a,b\nr1,1,2\nr2,3,oops\n", "(line 3, column b)", "\"oops\" is not a number")]
    [InlineData(",a,b\nr1,1,Inf\n", "(line 2, column b)", "infinite")]
    [InlineData(",a,b\nr1,1,1e999\n", "(line 2, column b)", "infinite")]
    [InlineData(",a,a\nr1,1,2\n", "column name a", "field 2 and again in field 3")]
    [InlineData(",a,b\nr1,1,2\nr2,1,2\nr1,1,2\n", "row name r1", "line 2 and again on line 4")]
    [InlineData("g,s1,s2,s3\nA,<LOD,2,3\nB,4,5,6\nC,7,8,9\n", "\"<LOD\" is not a number (line 2, column s1)", "")]
    [InlineData("id;a;b\nx;1,5;0\ny;4,5;3\n", "\"1,5\" is not a number (line 2, column a)", "write points, as in 1.5")]
    [InlineData("id\ta\tb\nx\t1.234,5\t0\n", "\"1.234,5\" is not a number", "as in 1234.5")]
    [InlineData("id,symbol,a\nx,S,1\ny,T,2\n", "the column symbol holds text, not numbers (\"S\", line 2", "say so with data.format")]
    [InlineData("id,a,sex,b,site\nx,1,f,1,u\ny,2,m,2,v\n", "the columns sex, site hold text", "take them out")]
    [InlineData("g,s1,s2,s3\nA,10,20,30\nB,11,21,31\nA,12,22,32\n", "row name A stands on line 2 and again on line 4", "say so")]
    [InlineData("a,b,c\n0.1,1,0\n0.1,2,3\n", "row name 0.1", "if the first column is data, put one of names before it")]
    [InlineData("id,a,b\n\"x\ny\",1,2\n", "line 2", "quotation mark that is not closed")]
    [InlineData("#only\n#comments\n", "has nothing but comments", "")]
    [InlineData(",a,b\n", "no rows", "")]
    [InlineData(",a\nr1,1\n", "one column", "")]
    [InlineData("", "is empty", "")]
    public void Dense_text(string content, string first, string second) => Refused(Text("bad.csv", content), null, first, second);

    [Theory]
    [InlineData("user,item,rating\nu,i,1\nu,j,2\nu,i,3\n", "row u and column i is given twice", "line 2 and at line 4")]
    [InlineData("user,item,rating\nu,i,1\nu,j\n", "line 3", "fewer than three fields")]
    [InlineData("user,item,rating\nu,i,1\nu,j,good\n", "line 3, field 3", "\"good\" is not a number")]
    [InlineData("user,item,rating\nu,i,1\nu,j,NA\n", "line 3, field 3", "the value \"NA\" is missing")]
    [InlineData("user,item,rating\nu,i,1\nu,,2\n", "line 3", "column id is empty")]
    [InlineData("user;item;rating\nu;i;1,5\nv;i;2\n", "\"1,5\" is not a number (line 2, field 3, column rating)", "as in 1.5")]
    [InlineData("1,2,3\n4,2,1\n2,0,7\n", "a table of three columns or a list of entries", "data.format")]
    public void Triplets(string content, string first, string second) => Refused(Text("bad.csv", content), null, first, second);

    [Fact]
    public void Files_that_are_not_there_or_not_what_they_say()
    {
        Refused(PathOf("absent.csv"), null, "does not exist");
        Directory.CreateDirectory(PathOf("folder"));
        Refused(PathOf("folder"), null, "neither a matrix.mtx");
        File.WriteAllBytes(PathOf("x.h5ad"), [0x89, .. "HDF\r\n"u8, 0x1a, 0x0a, 0, 0]);
        Refused(PathOf("x.h5ad"), null, "HDF5", "not read yet");
        File.WriteAllBytes(PathOf("x.bin"), [1, 2, 3, 0, 5]);
        Refused(PathOf("x.bin"), null, "binary file of no known format");
        Refused(Text("one-percent.mtx", "%MatrixMarket matrix\n1 1 1\n"), null, "not with %%MatrixMarket");
        File.WriteAllBytes(PathOf("wide.csv"), System.Text.Encoding.Unicode.GetBytes(",a,b\nr,1,2\n"));
        Refused(PathOf("wide.csv"), null, "UTF-16 without a byte order mark");
        File.WriteAllBytes(PathOf("mac.csv"), [.. "id,a,b\n"u8, 0x8a, .. ",1,2\n"u8]);
        Refused(PathOf("mac.csv"), null, "neither UTF-8 nor Latin-1 (byte 0x8A in line 2)");
        Refused(Zip("book.npz", ("xl/sheet1.xml", [1])), null, "Excel workbook");
        Refused(Text("n.mtx", Mtx(Example())), new MatrixOptions { Format = MatrixFormat.Dense }, "is no text but mtx");
        Refused(Text("a.csv", ",a,b\nr,1,2\n"), new MatrixOptions { Format = MatrixFormat.MatrixMarket }, "%%MatrixMarket");
        Refused(Text("b.csv", ",a,b\nr,1,2\n"), new MatrixOptions { Format = MatrixFormat.Npy }, "not a NumPy array");
        Refused(Text("c.csv", ",a,b\nr,1,2\n"), new MatrixOptions { Format = MatrixFormat.Npz }, "zip");
    }

    [Fact]
    public void A_gzip_file_that_was_cut_off()
    {
        var bytes = File.ReadAllBytes(Text("whole.csv.gz", Dense(Example(300, 9), Names('r', 300), Names('c', 9))));
        foreach (var length in new[] { bytes.Length / 2, bytes.Length - 5, bytes.Length - 1 })
        {
            File.WriteAllBytes(PathOf("cut.csv.gz"), bytes[..length]);
            Refused(PathOf("cut.csv.gz"), null, "a gzip file that was cut off");
            File.WriteAllBytes(PathOf("cut.csv.gz"), [.. bytes, .. bytes[..length]]);
            Refused(PathOf("cut.csv.gz"), null, "a gzip file that was cut off");
        }

        var damaged = (byte[])bytes.Clone();
        damaged[bytes.Length / 2] ^= 0x40;
        File.WriteAllBytes(PathOf("flipped.csv.gz"), damaged);
        Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("flipped.csv.gz")));
    }

    [Fact]
    public void Ten_x_folders_that_do_not_fit()
    {
        Text("x/matrix.mtx", Mtx(Example(5, 7)));
        Assert.Contains(
            "no barcodes.tsv", Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("x"))).Message, StringComparison.Ordinal);
        Text("x/barcodes.tsv", "a\nb\nc\nd\ne\nf\na\n");
        Assert.Contains(
            "features.tsv", Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("x"))).Message, StringComparison.Ordinal);
        Text("x/features.tsv", "1\n2\n3\n4\n5\n");
        Assert.Contains("id a stands on line 1 and again on line 7",
            Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("x"))).Message, StringComparison.Ordinal);
        Text("x/barcodes.tsv", "a\nb\nc\n");
        Assert.Contains("take the three files from the same run",
            Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("x"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Npy_files()
    {
        void Bad(byte[] content, params string[] mentions)
        {
            File.WriteAllBytes(PathOf("bad.npy"), content);
            Refused(PathOf("bad.npy"), null, mentions);
        }

        Bad(Npy(new double[6], "<c16", false, "(3, 1)"), "dtype <c16", "not supported");
        Bad(Npy(new double[6], "|O", false, "(3, 2)"), "dtype |O", "not supported");
        Bad(Npy(new double[5], "<f8", false, "(3, 2)"), "ends before the 6 values");
        Bad(Npy(new double[5], "<f8", true, "(3, 2)"), "ends before the 6 values");
        Bad(Npy(new double[8], "<f8", false, "(2, 2, 2)"), "3 dimensions");
        Bad(Npy(new double[8], "<f8", false, "(8,)"), "one column");
        Bad(Npy(new double[1], "<f8", false, "(0, 3)"), "no rows");
        Bad(Npy(new[] { 1, double.PositiveInfinity, 3, 4 }, "<f8", false, "(2, 2)"), "infinite");
        Bad(Npy(new double[8], "<f8", false, "(99999999999, 99999999999)"), "larger than any file");
        Bad(Npy(new double[8], "<f8", false, "(100000, 999999)"), "ends before the 99999900000 values");
        Bad([0x93, .. "NUMPY"u8, 1, 0, 200, 0, 1], "ends within its NumPy header");
    }

    [Fact]
    public void Npz_archives()
    {
        var x = Example();
        Refused(Zip("many.npz", ("a", Npy(Flat(x), "<f8", false, "(7, 5)")), ("b", Npy(Flat(x), "<f8", false, "(7, 5)"))), null,
            "holds the arrays a.npy, b.npy");
        var csr = Scipy(x, "csr");
        csr[2].Content = NpyText("bsr", true);
        Refused(Zip("bsr.npz", csr), null, "format bsr");
        var coo = Scipy(x, "coo");
        coo[3].Content = Npy([.. Entries(x).Select(e => e.Row + 1)], "<i4", false, $"({Entries(x).Count},)");
        Refused(Zip("range.npz", coo), null, "outside 7 x 5", "count from 0");
        var twice = Scipy(x, "coo");
        twice[3].Content = Npy(new int[Entries(x).Count], "<i4", false, $"({Entries(x).Count},)");
        Refused(Zip("twice.npz", twice), null, "row r1", "given twice, at entry ");
        var nan = Scipy(x, "csr");
        nan[0].Content = Npy([.. Entries(x).Select(_ => double.NaN)], "<f8", false, $"({Entries(x).Count},)");
        Refused(Zip("nan.npz", nan), null, "entry 1", "not finite");
        var whole = File.ReadAllBytes(PathOf("nan.npz"));
        File.WriteAllBytes(PathOf("cut.npz"), whole[..(whole.Length / 2)]);
        Refused(PathOf("cut.npz"), null, "cut off or damaged");
    }

    [Fact]
    public void Options_that_cannot_take_effect()
    {
        var dense = Text("d.csv", Dense(Example(), Names('r', 7), Names('c', 5)));
        Refused(dense, new MatrixOptions { Missing = MissingEntries.Unstored }, "unstored cannot take effect");
        Refused(dense, new MatrixOptions { Columns = Selection.Parse("c1,zz") }, "no column named zz");
        Refused(dense, new MatrixOptions { Rows = Selection.Parse("5-9") }, "has 7 rows, but row 9");
        Refused(dense, new MatrixOptions { Columns = Selection.Parse("2") }, "one column as selected");
        Assert.Throws<DataException>(() => MatrixOptions.ParseTransform("log2"));
        Assert.Throws<DataException>(() => Selection.Parse("5-2"));
    }
}
