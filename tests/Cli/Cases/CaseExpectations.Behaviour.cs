using FitCluster.Data;
using Xunit;

namespace FitCluster.Cli.Tests.Cases;

/// <content>Streams, paths, pipes and sentences.</content>
internal static partial class CaseExpectations
{
    private static IEnumerable<(string Name, CaseExpectation Expectation)> Behaviour() =>
    [
        Case("b0-output-device", run =>
        {
            if (FileKinds.Of(run.At("nul")) != FileKind.None)
            {
                // Where nobody may make a device there is none.
                Assert.Equal(FileKind.Device, FileKinds.Of(run.At("nul")));
            }

            Assert.Equal(FileKind.Pipe, FileKinds.Of(run.At("ff")));
            Assert.True(SpinWait.SpinUntil(() => File.ReadAllText(run.At("ffout")).EndsWith("}\n", StringComparison.Ordinal), 6000));
            Assert.Equal(run.Ebnm("--family", "normal").ToString(), Models.Tests.Scratch.Json(run.At("ffout")).ToString());
            Assert.Equal("target.json", new FileInfo(run.At("lnk")).LinkTarget);
            Assert.Contains("logLik", File.ReadAllText(run.At("target.json")), StringComparison.Ordinal);
        }),
        Case("b1-stderr-closed", HasFit),
        Case("b1-stderr-full", HasFit),
        Case("b2-stdout-full", run =>
        {
            run.Says("standard output could not be written: No space left on device");
            Assert.DoesNotContain("o' could not be written", run.Error, StringComparison.Ordinal);
            Assert.Equal("converged", run.Json("o/fit.json").GetProperty("status").GetString());
        }),
        Case("b3-procsub", run =>
        {
            Assert.Equal([0, 0], run.IsSound().Codes);
            run.Says("3 rows x 3 columns");
        }),
        Case("c9-all-missing-row", run =>
        {
            run.Ends(0, "1 row has no observed entry", "1 column has no observed entry");
            Assert.DoesNotContain("other than zero", run.Error, StringComparison.Ordinal);
        }),
        Case("c11-inf-errors", run =>
        {
            run.Ends(0, "logLik", "40 observed entries have an infinite standard error, or none");
            Assert.Equal("converged", run.Json("o/fit.json").GetProperty("status").GetString());

            // The observation without an error has the prior's moments.
            var solved = run.Ebnm("--family", "normal");
            var scale = solved.GetProperty("prior").GetProperty("components")[0].GetProperty("scale").GetDouble();
            Assert.Equal(scale, solved.GetProperty("posterior").GetProperty("sd")[0].GetDouble(), 1e-12);
        }),
        Case("c14-twineb-all-zero", run =>
        {
            Assert.Equal([2], run.IsSound().Codes);
            run.Says("no entry above 0");
            Assert.False(Directory.Exists(run.At("o")));
        }),
        Case("c15-checkpoint-delete", run => Assert.Empty(run.Output)),
        Case("c16-spec-stdin", run =>
        {
            Assert.True(File.Exists(run.At("w/bug_of4/fit.json")));
            Assert.DoesNotContain("/dev/bug", run.Output, StringComparison.Ordinal);
        }),
    ];

    private static void HasFit(CaseRun run)
    {
        Assert.Equal([0], run.Codes);
        Assert.Equal("converged", run.Json("o/fit.json").GetProperty("status").GetString());
    }
}
