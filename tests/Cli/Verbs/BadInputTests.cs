using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

public sealed class BadInputTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Theory]
    [InlineData("ragged.csv", "name,a,b,c\nr1,1,2,3\nr2,1,2\n", "line 3")]
    [InlineData("text.csv", "name,a,b\nr1,1,2\nr2,1,oops\n", "oops")]
    [InlineData("inf.csv", "name,a,b\nr1,1,2\nr2,1,Inf\n", "line 3")]
    [InlineData("rows.csv", "name,a,b,c,d,e\nr1,1,2,3,4,5\nr1,3,4,5,6,7\n", "r1")]
    [InlineData("empty.csv", "", "empty.csv")]
    [InlineData("norows.csv", "name,a,b\n", "norows.csv")]
    [InlineData("onecolumn.csv", "name,a\nr1,1\nr2,2\n", "column")]
    [InlineData("duplicate.tsv", "user\titem\trating\nu1\ti1\t3\nu1\ti2\t4\nu1\ti1\t5\nu2\ti1\t1\n", "u1")]
    [InlineData("index.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 2.5\n4 1 1.0\n", "4")]
    [InlineData("zero.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 2\n0 1 2.5\n1 1 1.0\n", "0")]
    [InlineData("short.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 5\n1 1 2.5\n", "short.mtx")]
    [InlineData("not.npy", "this is no array", "is text, not a NumPy array")]
    [InlineData("table.npy", "name,a,b\nr1,1,2\nr2,3,4\n", "is text, not a NumPy array")]
    [InlineData("not.npz", "name,a,b\nr1,1,2\nr2,3,4\n", "is text, not a NumPy archive")]
    [InlineData("nobanner.mtx", "3 3 2\n1 1 2.5\n2 3 1.0\n", "must begin with %%MatrixMarket")]
    [InlineData("novalue.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 2.5\n2 3\n", "no value after the two indices")]
    [InlineData("allmissing.csv", "name,a,b\nr1,NA,NA\nr2,,NA\n", "has no observed entry")]
    public void A_bad_file_gets_a_sentence_and_2_and_nothing_is_written(string name, string content, string word)
    {
        var ran = FitProgram.Run("fit", "ebmf", "--data", _scratch.File(name, content), "--out", _scratch.At("out")).ExpectBadInput(word);
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'), line => line.StartsWith("fitcluster:", StringComparison.Ordinal));
        Assert.False(Directory.Exists(_scratch.At("out")));
    }

    [Fact]
    public void A_missing_file_is_named() =>
        FitProgram.Run("fit", "ebmf", "--data", _scratch.At("nothing.csv"), "--out", _scratch.At("out")).ExpectBadInput("nothing.csv");

    [Theory]
    [InlineData("--factors 5", "use at most 4")]
    [InlineData("--shards 7", "use at most 6")]
    [InlineData("--loadings-prior pointnormal2", "did you mean 'point_normal'?")]
    [InlineData("--loadings-prior deconvolver", "deconvolver")]
    [InlineData("--set ebmf.standardErrors=missing.csv", "missing.csv")]
    [InlineData("--set ebmf.fixedFactors=missing.csv", "missing.csv")]
    [InlineData("--set data.columns=[c1,c9]", "c9")]
    public void What_does_not_fit_the_data_is_refused_before_anything_is_written(string options, string word)
    {
        string[] arguments = ["fit", "ebmf", "--data", _scratch.Csv(), "--out", _scratch.At("out"), .. options.Split(' ')];
        FitProgram.Run(arguments).ExpectBadInput(word);
        Assert.False(Directory.Exists(_scratch.At("out")));
    }

    [Fact]
    public void Standard_errors_and_starts_of_another_size_are_refused()
    {
        var errors = _scratch.File("s.csv", "0.5\n0.5\n0.5\n");
        FitProgram.Run("fit", "ebmf", "--data", _scratch.Csv(), "--out", _scratch.At("out"), "--set", $"ebmf.standardErrors={errors}")
            .ExpectBadInput("are 3 x 1", "6 x 4");
        Directory.CreateDirectory(_scratch.At("init"));
        _scratch.File("init/loadings.csv", "k1\n1\n2\n3\n4\n5\n");
        _scratch.File("init/factors.csv", "k1\n1\n2\n3\n4\n");
        FitProgram.Run("fit", "ebmf", "--data", _scratch.Csv(), "--out", _scratch.At("out"), "--set", $"ebmf.init={_scratch.At("init")}")
            .ExpectBadInput("has 5 rows, but the data have 6 rows");
    }

    [Fact]
    public void A_start_with_names_of_its_own_goes_with_data_without_names()
    {
        var data = _scratch.File("plain.mtx",
            "%%MatrixMarket matrix array real general\n4 3\n" + string.Join('\n', Enumerable.Range(0, 12).Select(i => (i * 7) % 5)) + "\n");
        Directory.CreateDirectory(_scratch.At("named"));
        _scratch.File("named/loadings.csv", ",k1\ncell0,1\ncell1,2\ncell2,3\ncell3,4\n");
        _scratch.File("named/factors.csv", ",k1\ngene0,1\ngene1,2\ngene2,3\n");
        var ran = FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("out"), "--set", $"ebmf.init={_scratch.At("named")}");
        Assert.True(ran.ExitCode is 0 or 3, ran.Error);
    }

    [Fact]
    public void An_output_that_cannot_be_written_is_refused_before_the_work()
    {
        var data = _scratch.Csv();
        var file = _scratch.File("file", "x");
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", file).ExpectBadInput("is a file");
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", file + "/sub").ExpectBadInput("is a file");
        // Not even root can write there.
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", "/proc/fitcluster-out").ExpectBadInput("/proc/fitcluster-out");
        Assert.Equal("x", File.ReadAllText(file));
    }

    [Fact]
    public void A_matrix_without_noise_is_fitted()
    {
        // A proposal's prior loses its slab here, and 1 / s^2 of what is left overflowed.
        var data = _scratch.File("exact.mtx", "%%MatrixMarket matrix array real general\n3 3\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("out"), "--factors", "2").Expect(0);
    }

    [Fact]
    public void Zero_rows_and_columns_are_allowed_and_reported()
    {
        var data = _scratch.File("zeros.csv", "name,a,b,c\nr1,1,2,0\nr2,0,0,0\nr3,2,1,0\nr4,3,3,0\n");
        var ran = FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("out"), "--factors", "1");
        Assert.True(ran.ExitCode is 0 or 3, ran.Error);
        Assert.Contains("1 row has no entry other than zero", ran.Error, StringComparison.Ordinal);
        Assert.Contains("1 column has no entry other than zero", ran.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();
}
