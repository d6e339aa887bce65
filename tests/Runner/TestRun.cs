namespace FitCluster.Runner;

/// <summary>One start of a test executable: all of its tests, or those that a filter picks.</summary>
/// <param name="Name">The project's name, and that of the part.</param>
/// <param name="Program">The executable.</param>
/// <param name="Arguments">Filters, and how many collections run at once.</param>
/// <param name="Seconds">How long it takes alone, about: the longest starts first.</param>
/// <param name="Cores">How many cores it keeps busy in the mean, with all that it starts.</param>
internal sealed record TestRun(string Name, string Program, IReadOnlyList<string> Arguments, double Seconds, double Cores);
