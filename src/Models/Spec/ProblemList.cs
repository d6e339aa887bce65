namespace FitCluster.Models.Spec;

/// <summary>Everything that is wrong with a spec, so that it can be said at once.</summary>
internal sealed class ProblemList
{
    private readonly List<string> _problems = [];

    public int Count => _problems.Count;

    public IReadOnlyList<string> All => _problems;

    public void Add(string problem)
    {
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }

    public void Add(Origin origin, string problem) => Add($"{origin}: {problem}");

    /// <summary>Ends the program, when there is any problem, with all of them.</summary>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new ProblemException(ExitCode.BadInput, _problems);
        }
    }
}
