using System.Runtime.ExceptionServices;

namespace FitCluster.Models.Jobs;

/// <summary>Independent pieces of work on several threads.</summary>
internal static class InParallel
{
    /// <summary>
    /// Does every piece, at most so many at a time. What one of them throws is thrown here as it was thrown
    /// there: of several, that of the first piece.
    /// </summary>
    public static void For(int pieces, int threads, Action<int> work)
    {
        var failures = new ExceptionDispatchInfo?[pieces];
        Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads }, piece =>
        {
            try
            {
                work(piece);
            }
            catch (Exception error)
            {
                failures[piece] = ExceptionDispatchInfo.Capture(error);
            }
        });
        failures.FirstOrDefault(failure => failure is not null)?.Throw();
    }
}
