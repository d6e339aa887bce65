using System.Net.Sockets;
using Akka.Cluster;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Finds the cluster in the store's table of nodes and joins it, or begins one where nobody is up: one process at a time, so that two that
/// start together do not begin two.
/// </summary>
/// <param name="meeting">Where nodes find each other.</param>
/// <param name="identity">Who this node is.</param>
/// <param name="say">Told what a user may want to read.</param>
internal sealed class Joining(IMeetingPlace meeting, LinkIdentity identity, Action<string> say)
{
    /// <summary>
    /// A node that has not reported for so long has ended, unless it answers: a store that was away lets all seem to have ended, and a
    /// second cluster beside the first would never find it again.
    /// </summary>
    private const double LiveSeconds = 10;

    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan OldProbeLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan UpLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(60);

    /// <summary>Joins; returns when this node is a member and the store says so.</summary>
    /// <param name="cluster">Of the node's actor system.</param>
    /// <param name="joined">Notes in the store that the node is up.</param>
    /// <param name="cancellation">Ends trying.</param>
    /// <exception cref="ClusterEngineException">There is a cluster that cannot be joined; the words say why.</exception>
    public async Task Join(Cluster cluster, Func<Task> joined, CancellationToken cancellation)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(() => up.TrySetResult());
        var theLock = await meeting.LockJoining(cancellation).ConfigureAwait(false);
        var isFirst = false;
        try
        {
            var others = await Others(cancellation).ConfigureAwait(false);
            isFirst = others.Count == 0;
            if (isFirst)
            {
                cluster.Join(cluster.SelfAddress);
                // Before anybody else looks.
                await BecomeUp(up.Task, joined, cancellation).ConfigureAwait(false);
            }
            else
            {
                cluster.JoinSeedNodes(others.Select(place => place.Address(cluster.SelfAddress.Protocol)));
            }
        }
        finally
        {
            await theLock.DisposeAsync().ConfigureAwait(false);
        }

        if (!isFirst)
        {
            await BecomeUp(up.Task, joined, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task BecomeUp(Task up, Func<Task> joined, CancellationToken cancellation)
    {
        try
        {
            await up.WaitAsync(UpLimit, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException error)
        {
            throw new ClusterEngineException(
                $"the nodes of the cluster have not taken this one in for {UpLimit.TotalSeconds:F0} s: " +
                "look at what they say; one that hangs may have to be ended", error);
        }

        await joined().ConfigureAwait(false);
    }

    /// <summary>The nodes that are up and answer.</summary>
    private async Task<IReadOnlyList<NodePlace>> Others(CancellationToken cancellation)
    {
        var nodes = await meeting.Nodes(cancellation).ConfigureAwait(false);
        var live = nodes
            .Where(node => node.State is "up" && NodePlace.Parse(node.Address) is not null)
            .Where(node => !IsSelf(node))
            .ToList();
        var answers = await Task.WhenAll(live.Select(node => Ask(node, cancellation))).ConfigureAwait(false);
        return [.. Enumerable.Zip(live, answers).Where(pair => pair.Second).Select(pair => NodePlace.Parse(pair.First.Address)!.Value)];
    }

    private bool IsSelf(NodeEntry node)
    {
        var isHere = node.Host == Environment.MachineName && node.ProcessId == Environment.ProcessId;
        return node.Address == identity.Place.ToString() || (isHere && node.Name == identity.Name);
    }

    /// <summary>Whether a node answers; false when its process has ended.</summary>
    /// <exception cref="ClusterEngineException">It is there and cannot be joined, or cannot be reached.</exception>
    private async Task<bool> Ask(NodeEntry node, CancellationToken cancellation)
    {
        var place = NodePlace.Parse(node.Address)!.Value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var isOld = node.SeenSecondsAgo >= LiveSeconds;
        limit.CancelAfter(isOld ? OldProbeLimit : ProbeLimit);
        try
        {
            var (stream, answer) = await identity.Connect(place, LinkPurpose.Probe, limit.Token).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
            if (answer.Name != node.Name)
            {
                // That process has ended; another, perhaps of another store, has its port.
                return false;
            }

            CompareClocks(answer);
            return answer.Name == identity.Name
                ? throw new ClusterEngineException(
                    $"there is a node of the name {node.Name} already (process {node.ProcessId} on {node.Host}): " +
                    "give this one another by --name")
                : true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return false;
        }
        catch (Exception error) when (isOld && error is not ClusterEngineException)
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
        catch (FrameException error)
        {
            throw new ClusterEngineException($"the cluster of node {node.Name} cannot be joined: {error.Message}", error);
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or
            System.Security.Authentication.AuthenticationException)
        {
            cancellation.ThrowIfCancellationRequested();
            var how = error is OperationCanceledException ? "no answer" : error.Message.ReplaceLineEndings(" ");
            throw new ClusterEngineException(
                $"node {node.Name} reported {node.SeenSecondsAgo:F0} s ago that it is up, and cannot be reached at " +
                $"{place.Host}, port {place.LinkPort} ({how}): every node has to reach every other, all with --tls or all without; " +
                "look at --listen and --advertise there", error);
        }
    }

    private void CompareClocks(LinkHello other)
    {
        var difference = other.Clock - DateTimeOffset.UtcNow;
        if (difference.Duration() > ClockDifference)
        {
            say(
                $"the clock of node {other.Name} is {difference.Duration().TotalSeconds:F0} s " +
                $"{(difference > TimeSpan.Zero ? "ahead" : "behind")} of this one's: " +
                "fits do not depend on it, times in logs and the validity of certificates do");
        }
    }
}
