using FitCluster.Engine;
using FitCluster.Models;

namespace FitCluster.Node;

/// <summary>Reaches the store of a cluster, for a node or a client; what fails is a problem with its exit code.</summary>
internal static class ClusterAccess
{
    /// <summary>A store that has been reached and has its tables.</summary>
    /// <param name="url">Where it is.</param>
    /// <param name="isMade">
    /// Whether a file that does not exist yet is made; else it is refused: a wrong name would be an empty store.
    /// </param>
    /// <exception cref="ProblemException">The URL is wrong (2), or the store cannot be reached (4).</exception>
    public static async Task<IClusterStore> Store(string url, bool isMade)
    {
        IClusterStore? store = null;
        try
        {
            if (!isMade && ClusterStores.MissingFile(url) is { } path)
            {
                throw new ClusterStoreException(
                    $"the store {path} does not exist: 'fitcluster node' or 'submit' with this --store makes it", isUnreachable: true);
            }

            store = ClusterStores.Open(url);
            await store.Prepare().ConfigureAwait(false);
            return store;
        }
        catch (ClusterStoreException error)
        {
            if (store is not null)
            {
                await store.DisposeAsync().ConfigureAwait(false);
            }

            throw Failure(error);
        }
    }

    /// <summary>What a store could not do, as the end of a program.</summary>
    public static ProblemException Failure(ClusterStoreException error) =>
        new(error.IsUnreachable ? ExitCode.Unreachable : ExitCode.BadInput, error.Message, error);
}
