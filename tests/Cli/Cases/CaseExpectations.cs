namespace FitCluster.Cli.Tests.Cases;

/// <summary>What is right for each case of ../shared/cases, by the folder's name.</summary>
internal static partial class CaseExpectations
{
    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, CaseExpectation> All { get; } =
        Behaviour().Concat(Files()).Concat(Ebnm()).Concat(Fits()).ToDictionary(one => one.Name, one => one.Expectation);

    private static (string Name, CaseExpectation Expectation) Case(string name, Action<CaseRun> check) =>
        (name, new CaseExpectation(check));
}
