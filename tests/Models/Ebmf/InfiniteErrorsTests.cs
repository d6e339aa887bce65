using Xunit;

namespace FitCluster.Models.Tests.Ebmf;

/// <summary>An infinite standard error says that nothing is known: the fit is that of data in which the entry is missing.</summary>
public sealed class InfiniteErrorsTests : IDisposable
{
    private const int Rows = 40, Columns = 16, Silent = 5;
    private static readonly int[] AllRows = [.. Enumerable.Range(0, Rows)];
    private static readonly int[] AllColumns = [.. Enumerable.Range(0, Columns)];
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("rows.csv", "known", false)]
    [InlineData("rows.csv", "constant", false)]
    [InlineData("rows.csv", "row", true)]
    [InlineData("columns.csv", "known", false)]
    [InlineData("columns.csv", "column", true)]
    [InlineData("matrix.csv", "known", false)]
    [InlineData("matrix.csv", "constant", true)]
    [InlineData("nan.csv", "known", false)]
    [InlineData("sparse.mtx", "known", true)]
    public void The_fit_is_that_of_data_in_which_what_is_not_known_is_missing(string file, string variance, bool isSparse)
    {
        bool IsSilent(int i, int j) => file switch { "rows.csv" => i == Silent, "columns.csv" => j == Silent, _ => (i * j) % 7 == Silent };
        double Error(int i, int j) => 0.2 + (0.002 * (file == "columns.csv" ? j : file == "rows.csv" ? i : (i + j) % 9));
        void Write(string name, double silent) => _scratch.File(name, file switch
        {
            "rows.csv" => string.Concat(AllRows.Select(i => Line(i == Silent ? silent : Error(i, 0)))),
            "columns.csv" => string.Concat(AllColumns.Select(j => Line(j == Silent ? silent : Error(0, j)))),
            "sparse.mtx" => $"%%MatrixMarket matrix coordinate real general\n{Rows} {Columns} {Rows * Columns}\n" + string.Concat(
                AllRows.SelectMany(i => AllColumns.Select(j => $"{i + 1} {j + 1} {Line(IsSilent(i, j) ? silent : Error(i, j))}"))),
            _ => string.Concat(AllRows.Select(i => string.Join(
                ',', AllColumns.Select(j => Line(IsSilent(i, j) ? silent : Error(i, j)).TrimEnd())) + "\n")),
        });

        // The number in the other fit's place: the largest there is, on which nothing depends.
        Write(file, file == "nan.csv" ? double.NaN : double.PositiveInfinity);
        Write("other.csv", 0.2 + (0.002 * ((file == "columns.csv" ? Columns : Rows) - 1)));
        var whole = Data("whole", isSparse, (i, j) => TestMatrix.Entry(i, j));
        var holes = Data("holes", isSparse, (i, j) => IsSilent(i, j) ? double.NaN : TestMatrix.Entry(i, j));
        var found = Fit("found", whole, file, variance, isSparse);
        var expected = Fit("expected", holes, "other.csv", variance, isSparse);
        Assert.Equal(expected.Elbo, found.Elbo);
        Assert.Equal(Scratch.Arrays(expected.Folder), Scratch.Arrays(found.Folder));
        Assert.Single(found.Job.Own.Notes, note => note.Contains("missing", StringComparison.Ordinal));

        var (i, j) = AllRows.SelectMany(i => AllColumns.Select(j => (i, j))).First(cell => IsSilent(cell.i, cell.j));
        var predictor = found.Fit.As<IPredictsCells>().Predictor(withSd: true);
        Assert.False(predictor.HasSd(i, j));
        Assert.True(predictor.HasSd(0, 0) && double.IsFinite(predictor.Sd(0, 0)));
        if (file != "nan.csv")
        {
            Assert.Equal(double.PositiveInfinity, predictor.Sd(i, j));
        }
    }

    [Fact]
    public void Where_nothing_at_all_is_known_or_nothing_can_be_missing_it_is_refused()
    {
        var data = Data("data", isSparse: false, TestMatrix.Entry);
        Refused(data, "every standard error is infinite", string.Concat(AllRows.Select(_ => "Inf\n")));
        var nothing = string.Join(',', AllColumns.Select(_ => "Inf"));
        Refused(data, "no observed entry has a finite standard error", string.Concat(AllRows.Select(_ => nothing + "\n")));
        Refused(data, "there is no standard error above 0 for row 'r0', column 'c0'",
            string.Concat(AllRows.Select(_ => $"0{nothing[3..]}\n")));
        Refused(Data("zeros", isSparse: true, TestMatrix.Entry), "of sparse data whose zeros are observed no column can be missing",
            "Inf\n" + string.Concat(AllColumns.Skip(1).Select(_ => "1\n")));

        void Refused(string path, string words, string errors)
        {
            _scratch.File("s.csv", errors);
            var error = Assert.Throws<ProblemException>(() => Fit("no", path, "s.csv", "known", isSparse: false));
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    private static string Line(double value) => double.IsPositiveInfinity(value) ? "Inf\n" : double.IsNaN(value) ? "NA\n"
        : FormattableString.Invariant($"{value:R}\n");

    private string Data(string name, bool isSparse, Func<int, int, double> entry)
    {
        if (!isSparse)
        {
            return TestMatrix.Csv(_scratch, name + ".csv", AllRows, AllColumns, entry);
        }

        var entries = AllRows.SelectMany(i => AllColumns.Select(j => (Row: i, Column: j, Value: entry(i, j))))
            .Where(e => !double.IsNaN(e.Value)).ToList();
        return _scratch.File(name + ".mtx", $"%%MatrixMarket matrix coordinate real general\n{Rows} {Columns} {entries.Count}\n" +
            string.Concat(entries.Select(e => FormattableString.Invariant($"{e.Row + 1} {e.Column + 1} {e.Value:R}\n"))));
    }

    private FittedFolder Fit(string name, string data, string errors, string variance, bool isSparse) => FittedFolder.Of(
        _scratch, name, $"model: ebmf\ndata: {{path: {data}{(isSparse ? ", missing: unstored" : "")}}}\nshards: 1\n" +
        $"ebmf: {{variance: {variance}, standardErrors: {errors}, maxFactors: 3}}\n");
}
