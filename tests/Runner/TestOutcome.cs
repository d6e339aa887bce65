using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace FitCluster.Runner;

/// <summary>What a run of an executable has come to.</summary>
internal sealed record TestOutcome(string Name, double Seconds, IReadOnlyList<TestResult> Tests, string? Death)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Its own, and that of what it started and waited for.</summary>
    public double CpuSeconds { get; init; }

    public string Line => string.Create(CultureInfo.InvariantCulture,
        $"{Name,-16} {Count(TestEnd.Passed),5} passed, {Count(TestEnd.Failed)} failed, {Count(TestEnd.Skipped)} skipped; ") +
        string.Create(CultureInfo.InvariantCulture, $"{Seconds:F1} s, {CpuSeconds:F1} s of CPU") + (Death is null ? "" : $"; {Death}");

    public static TestOutcome Died(TestRun run, TimeSpan time, string why) => new(run.Name, time.TotalSeconds, [], why);

    /// <summary>
    /// From the file of results. One that is not whole is an executable that died: that is a failure, whatever it had passed.
    /// </summary>
    public static TestOutcome Read(TestRun run, TimeSpan time, int exitCode, string trx, string log)
    {
        try
        {
            var tests = XDocument.Load(trx).Descendants(Trx + "UnitTestResult").Where(IsMeant).Select(Result).ToList();
            var death = exitCode == 0 || tests.Any(t => t.End == TestEnd.Failed) ? null
                : $"{run.Name} ended with exit code {exitCode} though no test failed: see {log}";
            return new TestOutcome(run.Name, time.TotalSeconds, tests, death);
        }
        catch (Exception e) when (e is IOException or XmlException)
        {
            return Died(run, time, $"{run.Name} died with exit code {exitCode}: see {log}");
        }
    }

    public int Count(TestEnd end) => Tests.Count(t => t.End == end);

    /// <summary>Whether it is no explicit test, which other tests start in processes of their own.</summary>
    private static bool IsMeant(XElement test) => (string?)test.Attribute("outcome") != "NotRunnable";

    // Why a test was skipped is what it has written.
    private static TestResult Result(XElement test) => new(
        ((string)test.Attribute("testName")!).Replace("\\\"", "\"", StringComparison.Ordinal),
        (string?)test.Attribute("outcome") switch
        {
            "Passed" => TestEnd.Passed,
            "NotExecuted" => TestEnd.Skipped,
            _ => TestEnd.Failed,
        },
        TimeSpan.TryParse((string?)test.Attribute("duration"), CultureInfo.InvariantCulture, out var time) ? time.TotalSeconds : 0,
        string.Concat(test.Descendants(Trx + ((string?)test.Attribute("outcome") == "NotExecuted" ? "StdOut" : "Message"))
            .Select(m => m.Value)).Trim(),
        string.Concat(test.Descendants(Trx + "StackTrace").Select(m => m.Value)).TrimEnd());
}
