using Xunit;

namespace FitCluster.Data.Tests.Reading;

/// <summary>docs/formats.md, "A table or triplets?": a case for each rule, and for each near miss.</summary>
public sealed class TripletRuleTests : TestFolder
{
    private static readonly string _grid = Long((i, j) => FormattableString.Invariant($"{i + 1},{j + 1},{i + (j * 0.5)}"));

    [Theory]
    [InlineData("user,item,rating\nu,i,3\nv,j,3\n")]
    [InlineData("\"User-ID\";\"ISBN\";\"Book-Rating\"\n1;0195153448;5\n1;085409878X;3\n2;0195153448;1\n")]
    [InlineData("gene,cell,umi_count,qc\nA,x,1,0.5\nB,y,2,0.25\n")]
    [InlineData("Cell Barcode,gene,n\nA,x,1\nB,y,2\n")]
    [InlineData("userId,movieId,stars\n1,10,3\n1,11,4\n2,10,5\n")]
    [InlineData("person,movie,rating\np,m,3\np,n,4\nq,m,5\n")]
    [InlineData("1::10::4::881250949\n1::30::3::891717742\n2::20::5::878887116\n")]
    [InlineData("196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t377\t1\t878887116\n")]
    [InlineData("u,a,3\nu,b,4\nv,a,5\n")]
    [InlineData("u,a,3,2020-01-01\nu,b,4,2020-01-01\nv,a,5,2020-01-02\n")]
    [InlineData("u a 3\nu b 4\nu c 5\n")]
    [InlineData("person,movie,rating\np,1,3\np,2,4\np,3,1\nq,1,5\nq,2,2\nq,3,2\n")]
    [InlineData("p,1,3\np,2,4\np,3,1\nq,1,5\nq,2,2\nq,3,2\n")]
    public void Triplets(string text) => Is(text, areTriplets: true);

    [Theory]
    [InlineData("g,s1,s2\nA,1,2\nB,3,4\n")]
    [InlineData("g,s1,s2,s3\nA,10,20,30\nB,11,21,31\n")]
    [InlineData("user,age,score\n1,30,2\n2,30,4\n3,41,2\n")]
    [InlineData("cell,x,n\na,1,5\nb,1,6\n")]
    [InlineData("sample,patient,age\n1,7,50\n2,7,51\n3,8,60\n")]
    [InlineData("0.5,1,2\n0.5,3,4\n")]
    [InlineData("id::a::b\nx::1::2\ny::3::4\n")]
    [InlineData("1,2,3,4\n1,3,0,2\n2,2,1,1\n")]
    [InlineData("5,3,2\n5,3,1\n4,3,0\n")]
    [InlineData(",1,2\nA,5,6\nB,5,7\n")]
    [InlineData("a b\nr1 1 2\nr2 3 4\n")]
    public void Tables(string text) => Is(text, areTriplets: false);

    [Theory]
    [InlineData("g,s1,s2\nA,10,1\nB,10,2\nA,12,3\nA,11,3\n", "row name A")]
    [InlineData("gene,transcript,tpm\nA,t1,1\nA,t2,2\nB,t3,3\n", "column transcript holds text")]
    [InlineData("cluster,gene,s1,s2\nc,A,1,0.5\nc,B,2,0.25\nd,A,3,0.125\n", "column gene holds text")]
    [InlineData("id,chr,s1\nA,chr1,1\nB,chr1,2\nC,chr2,3\n", "column chr holds text")]
    [InlineData("A,10,20\nB,11,21\nA,12,22\n", "row name A")]
    [InlineData("person,movie,rating\np,1,3\np,2,4\nq,1,5\nq,2,1\n", "row name p")]
    public void Neither(string text, string why) => Refused(Text("n.csv", text), null, why);

    [Fact]
    public void Numbers_alone_are_triplets_by_their_structure_in_the_whole_head()
    {
        Is(_grid, areTriplets: true);
        Is(Long((i, j) => $"{(i * 7 % 40) + 1},{(j * 5 % 6) + 1 + (i % 3 * 6)},{(i + j) % 5}"), areTriplets: true);
        var ratings = string.Concat(Enumerable.Range(0, 400).Select(t => $"{(t * 37 % 101) + 1},{(t * 53 % 97) + 1},{t % 5}\n"));
        Is(ratings, areTriplets: true);
        var counts = string.Concat(Enumerable.Range(0, 400).Select(t => $"{t * 37 % 101},{t * 53 % 97},{t * 71 % 103}\n"));
        Refused(Text("counts.csv", counts), null, "could be a table of three columns or a list of entries", "data.format");
        Assert.Equal(400, MatrixSource.Open(PathOf("counts.csv"), new MatrixOptions { Format = MatrixFormat.Dense }).Rows);
        Assert.Equal(
            MatrixFormat.Triplets,
            MatrixSource.Open(PathOf("counts.csv"), new MatrixOptions { Format = MatrixFormat.Triplets }).Facts.Format);
    }

    [Fact]
    public void One_bad_cell_makes_no_triplets_wherever_it_stands()
    {
        for (var bad = 0; bad < 4; bad++)
        {
            var lines = Enumerable.Range(0, 300).Select(i => $"G{i},{i},{i % 3},{i % 5},{i % 7}").ToArray();
            lines[bad * 99] = $"G{bad * 99},-,2,3,4";
            var path = Text("b.csv", "g,s1,s2,s3,s4\n" + string.Join('\n', lines));
            Refused(path, null, $"\"-\" is not a number (line {(bad * 99) + 2}, column s1)");
        }
    }

    [Fact]
    public void What_it_was_read_as_is_said()
    {
        Assert.Equal("read as a table of 2 x 3", Said("id,a,b,c\nx,1,2,3\ny,4,5,6\n")[0]);
        Assert.Equal(
            "read as 3 triplets of 2 rows (first field) x 2 columns (second field), a fourth field passed over",
            Said("user,item,rating,time\nu,i,1,9\nu,j,2,9\nv,i,3,9\n")[0]);
        Assert.Contains("column a was taken as the names of the rows", Said("a,b,c\n0.1,1,0\n0.2,2,3\n")[1], StringComparison.Ordinal);
        Assert.Single(Said("id,b,c\n1,1,0\n2,2,3\n"));
        Assert.Contains("names of the columns, though they are numbers (10, 20)", Said("A,10,20\nB,11,21\n")[1], StringComparison.Ordinal);
        var headless = Said("A,1.5,20\nB,11,21\n");
        Assert.Equal("read as a table of 2 x 2", headless[0]);
        Assert.Contains("the first line is numbers behind its first field (\"A\")", headless[1], StringComparison.Ordinal);
        Assert.Contains("rows and columns have no names", Said("1.5,20\nNA,21\n")[1], StringComparison.Ordinal);
        Assert.Equal("2 lines of empty fields were passed over", Said("id,a,b\nx,1,2\n,,\n,,\n")[1]);
    }

    private static string Long(Func<int, int, string> line) =>
        string.Concat(Enumerable.Range(0, 40 * 6).Select(t => line(t / 6, t % 6) + "\n"));

    private void Is(string text, bool areTriplets) => Assert.Equal(
        areTriplets ? MatrixFormat.Triplets : MatrixFormat.Dense, MatrixSource.Open(Text("x.dat", text)).Facts.Format);

    private List<string> Said(string text)
    {
        var facts = MatrixSource.Open(Text("said.csv", text)).Facts;
        return [facts.Orientation, .. facts.Notes];
    }
}
