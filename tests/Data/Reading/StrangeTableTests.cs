using Xunit;

namespace FitCluster.Data.Tests.Reading;

/// <summary>Text as people have it: read, and said how, or refused in words that name what is the case.</summary>
public sealed class StrangeTableTests : TestFolder
{
    [Theory]
    [InlineData(",user,item,rating\n0,u,i,5\n1,u,j,3\n2,v,i,4\n", 2, 2, "rows (second field) x 2 columns (third field), a first")]
    [InlineData("Unnamed: 0,gene,sample,count\n0,g,s,5\n7,g,t,3\n9,h,s,4\n", 2, 2, "a first field of running numbers passed over")]
    [InlineData("\"\",\"user\",\"item\",\"rating\",\"time\"\n\"1\",1,9,5,964982703\n\"2\",2,8,4,964982703\n", 2, 2, "the last passed over")]
    [InlineData("index,user,item,rating\n0,1,10,5\n1,1,20,3\n2,2,10,4\n", 2, 2, "a first field of running numbers passed over")]
    [InlineData("user item rating\n1 u i 5\n2 u j 3\n3 v i 4\n", 2, 2, "3 triplets")]
    [InlineData(",a,b,c\n0,1,2,3\n1,4,5,6\n", 2, 3, "read as a table of 2 x 3")]
    [InlineData("a b c\n1 7 2 3\n2 4 5 6\n", 2, 3, "read as a table of 2 x 3")]
    [InlineData("id,a,b\nx,1,2\n,3,4\n,5,6\n", 3, 2, "2 rows without a name are called r and their number")]
    [InlineData("id,a,,b\nx,1,2,3\ny,3,4,5\n", 2, 3, "a column without a name is called c2")]
    [InlineData("id,a,b\nx,1,2\n#y,3,4\n", 2, 2, "1 row has a name that begins with #")]
    public void Read_and_said(string text, int rows, int columns, string note)
    {
        var source = MatrixSource.Open(Text("t.csv", text));
        Assert.Equal((rows, columns), ((int)source.Rows, source.Columns));
        Assert.Contains(note, string.Join('|', [source.Facts.Orientation, .. source.Facts.Notes]), StringComparison.Ordinal);
        Assert.DoesNotContain("", source.RowNames);
        Assert.DoesNotContain("", source.ColumnNames);
    }

    [Theory]
    [InlineData("id,a,b\nx,1,2,\ny,3,4,\n", "one field more than it, and the last is empty in all: take the separator")]
    [InlineData("id,a,b\nx,1,2\n# batch 2\ny,3,4\n", "line 3: begins with # and has 1 field where 3 are expected")]
    [InlineData("user,item,rating\nu,i,1\n# batch 2\nv,i,4\n", "line 3: begins with #")]
    [InlineData("gene,sample,value\ng,s,5\ng,t,NULL\nh,s,3\n", "the value \"NULL\" is missing (line 3, field 3, column value)")]
    [InlineData("id,a,b\nx,\"1,000\",2\ny,3,4\n", "write 1000 or 1.000, whichever it is")]
    [InlineData("id,a,b\nx,\u22121.5,2\ny,3,4\n", "it has the character U+2212")]
    [InlineData("id,\"a\nb\",c\nx,1,2\n", "line 1: a field begins with a quotation mark that is not closed in this line")]
    [InlineData("<!DOCTYPE html>\n<html>not found</html>\n", "a page of HTML or XML")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n", "git lfs pull")]
    [InlineData("#1.2\n1\t2\nNAME\tDescription\ts\tt\ng\tna\t1\t2\n", "a GCT file")]
    [InlineData("{\"a\": [1, 2]}\n", "is JSON")]
    [InlineData("%%MatrixMarket matrix coordinate unsigned-integer general\n2 2 1\n1 1 -1\n", "line 3: the value -1 is no unsigned")]
    [InlineData("%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 1 1.5\n", "line 3: the value 1.5 is no integer")]
    [InlineData("%%MatrixMarket matrix array integer general\n2 2\n1\n2\n3\n2.5\n", "line 6: the value 2.5 is no integer")]
    public void Refused_in_words(string text, string why) => Refused(Text("t.txt", text), null, why);

    [Fact]
    public void Words_for_missing_values_are_the_same_in_every_table()
    {
        string[] words = ["", "NA", "n/a", "#N/A", "#NA", "<NA>", "NaN", "-nan", "NULL", "None", "nil", "\"NA\""];
        var text = "id,a,b\n" + string.Concat(words.Select((word, i) => $"r{i},{word},{i}\n"));
        var source = MatrixSource.Open(Text("t.csv", text));
        Assert.Equal(words.Length, source.MissingCount);
        Assert.All(Enumerable.Range(0, words.Length), i => Assert.True(double.IsNaN(DenseArray.Read(PathOf("t.csv")).Values[2 * i])));
        Assert.All(words, word => Assert.True(TextTable.IsMissing(word)));
        foreach (var word in new[] { "-", ".", "?", "missing" })
        {
            Refused(Text("u.csv", $"id,a,b\nx,1,{word}\ny,2,3\n"), null, $"\"{word}\" is not a number (line 2, column b)");
        }
    }

    [Theory]
    [InlineData(",", "its fields were read as separated by commas")]
    [InlineData(";", "its fields were read as separated by semicolons")]
    public void Features_without_tabs_keep_their_types(string separator, string note)
    {
        Folder("x", separator);
        var source = MatrixSource.Open(PathOf("x"));
        Assert.Equal(["E1", "E2"], source.ColumnNames);
        Assert.Contains(note, string.Join('|', source.Facts.Notes), StringComparison.Ordinal);
        Folder("y", " ");
        Assert.Contains(
            "ends with a type of features, but has no tab before it",
            Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("y"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Infinite_values_are_taken_where_they_are_asked_for()
    {
        var options = new MatrixOptions { TakesInfinities = true };
        Text("m.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 3\n1 1 inf\n1 2 2\n2 2 -Inf\n");
        Text("a.mtx", "%%MatrixMarket matrix array real general\n2 2\nInf\n0\n2\n-inf\n");
        double[][] values = [[double.PositiveInfinity, 2], [0, double.NegativeInfinity]];
        Zip("s.npz", SmallWriters.Scipy(values, "csr"));
        foreach (var file in new[] { "m.mtx", "a.mtx", "s.npz" })
        {
            Assert.Equal(values, Values(MatrixSource.Open(PathOf(file), options)));
            Refused(PathOf(file), null, "finite");
        }
    }

    private void Folder(string name, string separator)
    {
        Text($"{name}/matrix.mtx", "%%MatrixMarket matrix coordinate integer general\n3 2 4\n1 1 5\n2 1 5\n3 1 9\n1 2 5\n");
        Text($"{name}/barcodes.tsv", "A\nB\n");
        Text($"{name}/features.tsv", string.Concat(
            new[] { "E1|G1|Gene Expression\n", "E2|G2|Gene Expression\n", "A1|CD3|Antibody Capture\n" }
                .Select(line => line.Replace("|", separator, StringComparison.Ordinal))));
    }
}
