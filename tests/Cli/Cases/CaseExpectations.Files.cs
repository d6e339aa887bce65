using System.Globalization;
using System.Text;
using Xunit;

namespace FitCluster.Cli.Tests.Cases;

/// <content>Files as people have them.</content>
internal static partial class CaseExpectations
{
    private static IEnumerable<(string Name, CaseExpectation Expectation)> Files() =>
    [
        Case("c1-bad-first-value", run => run.Ends(2, "\"<LOD\" is not a number", "line 2", "s1")),
        Case("c1-decimal-comma", run => run.Ends(2, "\"1,5\" is not a number")),
        Case("c1-dup-gene-3-samples", run =>
        {
            Assert.DoesNotContain("triplets", run.Output + run.Error, StringComparison.Ordinal);
            run.Ends(run.ExitCode == 0 ? 0 : 2, run.ExitCode == 0 ? "3 rows x 3 columns" : "A");
        }),
        Case("c1-one-dash-in-301-rows", run => run.Says("\"-\" is not a number", "line 302", "s1")),
        Case("c2-index-false", run =>
        {
            Assert.True(run.IsSound().ExitCode == 0, run.Error);
            var said = run.Error.Split('\n').First(line => line.Contains("names", StringComparison.Ordinal));
            Assert.Matches(@"\ba\b", said);
        }),
        Case("c3-comment-line", run => run.Ends(run.ExitCode == 0 ? 0 : 2, run.ExitCode == 0 ? "columns" : "line 1")),
        Case("c4-movielens-1m", run => run.Ends(run.ExitCode == 0 ? 0 : 2, run.ExitCode == 0 ? "triplets" : "::")),
        Case("c5-10x-blank-line", run => run.Ends(0, "features")),
        Case("c6-10x-antibodies", run =>
        {
            run.Says("Antibody Capture");
            var values = run.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
                .Select(word => double.TryParse(word, CultureInfo.InvariantCulture, out var value) ? value : double.NaN);
            Assert.Contains(values, value => double.Abs(value - double.LogP1(5000)) < 1e-6);
        }),
        Case("c7-mtx-unsigned", run => run.Ends(0, "rows")),
        Case("c8-mtx-bom", run => run.Ends(0, "rows")),
        Case("c10-ebnm-quoted-comma", run => run.Ends(0, "logLik")),
        Case("c12-gz-padding", run => run.Ends(0, "rows")),
        Case("c13-latin1", IsLatin1),
        Case("c13-latin1-dense", IsLatin1),
    ];

    // Refused, or read as what it is: the bytes as Latin-1, in UTF-8, and that is said.
    private static void IsLatin1(CaseRun run)
    {
        var code = Assert.Single(run.IsSound().Codes);
        if (code == 0)
        {
            run.Says("Latin-1");
            var names = File.ReadAllText(run.At("st/row-names.txt"));
            Assert.DoesNotContain('\uFFFD', names);
            var bytes = File.ReadAllBytes(run.At("g.csv"));
            var name = Encoding.Latin1.GetString(bytes).Split('\n', ',').First(word => word.Any(c => c > 127));
            Assert.Contains(name.Trim('"', '\r'), names, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(2, code);
        }
    }
}
