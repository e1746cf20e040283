/** Words separated by white space. */
function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function fullNames(byDirectory: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(byDirectory).flatMap(([directory, names]) =>
    names.map((name) => `${directory}.${name}`),
  );
}

/** Every other sysctl that a network namespace of Linux 6.18 has of its own, of which the catalogue knows no more. */
export const OTHER_NAMESPACE_SYSCTLS: readonly string[] = fullNames({
  "net.bridge": words(`
    bridge-nf-call-arptables bridge-nf-call-ip6tables bridge-nf-call-iptables
    bridge-nf-filter-pppoe-tagged bridge-nf-filter-vlan-tagged bridge-nf-pass-vlan-input-dev
  `),
  "net.core": words(`
    optmem_max rps_default_mask tstamp_allow_data txrehash xfrm_acq_expires xfrm_aevent_etime
    xfrm_aevent_rseqth xfrm_larval_drop
  `),
  "net.ipv4": words(`
    fib_multipath_hash_fields fib_multipath_hash_policy fib_multipath_hash_seed
    fib_multipath_use_neigh fib_notify_on_flag_change fwmark_reflect icmp_echo_enable_probe
    icmp_echo_ignore_all icmp_echo_ignore_broadcasts icmp_errors_use_inbound_ifaddr
    icmp_ignore_bogus_error_responses icmp_msgs_burst icmp_msgs_per_sec icmp_ratelimit
    icmp_ratemask igmp_link_local_mcast_reports igmp_max_memberships igmp_max_msf igmp_qrv
    ip_default_ttl ip_dynaddr ip_early_demux ip_forward ip_forward_update_priority
    ip_forward_use_pmtu ip_no_pmtu_disc ipfrag_high_thresh ipfrag_low_thresh ipfrag_max_dist
    ipfrag_time nexthop_compat_mode ping_group_range raw_l3mdev_accept tcp_adv_win_scale
    tcp_app_win tcp_backlog_ack_defer tcp_base_mss tcp_challenge_ack_limit tcp_comp_sack_delay_ns
    tcp_comp_sack_nr tcp_comp_sack_slack_ns tcp_dsack tcp_early_demux tcp_early_retrans
    tcp_ecn_fallback tcp_ecn_option tcp_ecn_option_beacon
    tcp_fastopen_blackhole_timeout_sec tcp_fastopen_key tcp_frto tcp_fwmark_accept
    tcp_l3mdev_accept tcp_limit_output_bytes tcp_max_reordering tcp_min_rtt_wlen tcp_min_snd_mss
    tcp_min_tso_segs tcp_mtu_probe_floor tcp_mtu_probing tcp_no_ssthresh_metrics_save
    tcp_notsent_lowat tcp_pacing_ca_ratio tcp_pacing_ss_ratio tcp_pingpong_thresh
    tcp_plb_cong_thresh tcp_plb_enabled tcp_plb_idle_rehash_rounds tcp_plb_rehash_rounds
    tcp_plb_suspend_rto_sec tcp_probe_interval tcp_probe_threshold tcp_recovery tcp_reflect_tos
    tcp_reordering tcp_retrans_collapse tcp_shrink_window tcp_stdurg tcp_thin_linear_timeouts
    tcp_tso_rtt_log tcp_tso_win_divisor tcp_workaround_signed_windows udp_child_hash_entries
    udp_early_demux udp_l3mdev_accept udp_rmem_min udp_wmem_min xfrm4_gc_thresh
  `),
  "net.ipv4.route": words(`
    min_adv_mss min_pmtu mtu_expires
  `),
  "net.ipv6": words(`
    anycast_src_echo_reply auto_flowlabels bindv6only fib_multipath_hash_fields
    fib_multipath_hash_policy fib_notify_on_flag_change flowlabel_consistency flowlabel_reflect
    flowlabel_state_ranges fwmark_reflect idgen_delay idgen_retries ioam6_id ioam6_id_wide
    ip6frag_high_thresh ip6frag_low_thresh ip6frag_time ip_nonlocal_bind max_dst_opts_length
    max_dst_opts_number max_hbh_length max_hbh_opts_number seg6_flowlabel xfrm6_gc_thresh
  `),
  "net.ipv6.icmp": words(`
    echo_ignore_all echo_ignore_anycast echo_ignore_multicast error_anycast_as_unicast ratelimit
    ratemask
  `),
  "net.ipv6.route": words(`
    gc_elasticity gc_interval gc_min_interval gc_min_interval_ms gc_thresh gc_timeout max_size
    min_adv_mss mtu_expires skip_notify_on_dev_down
  `),
  "net.mptcp": words(`
    add_addr_timeout allow_join_initial_addr_port blackhole_timeout checksum_enabled close_timeout
    enabled path_manager pm_type scheduler stale_loss_cnt syn_retrans_before_tcp_fallback
  `),
  "net.netfilter": words(`
    nf_conntrack_acct nf_conntrack_checksum nf_conntrack_events nf_conntrack_frag6_high_thresh
    nf_conntrack_frag6_low_thresh nf_conntrack_frag6_timeout nf_conntrack_generic_timeout
    nf_conntrack_gre_timeout nf_conntrack_gre_timeout_stream nf_conntrack_icmp_timeout
    nf_conntrack_icmpv6_timeout nf_conntrack_log_invalid nf_conntrack_sctp_timeout_closed
    nf_conntrack_sctp_timeout_cookie_echoed nf_conntrack_sctp_timeout_cookie_wait
    nf_conntrack_sctp_timeout_established nf_conntrack_sctp_timeout_heartbeat_sent
    nf_conntrack_sctp_timeout_shutdown_ack_sent nf_conntrack_sctp_timeout_shutdown_recd
    nf_conntrack_sctp_timeout_shutdown_sent nf_conntrack_tcp_ignore_invalid_rst
    nf_conntrack_tcp_max_retrans nf_conntrack_timestamp nf_conntrack_udp_timeout
    nf_conntrack_udp_timeout_stream nf_hooks_lwtunnel
  `),
  "net.unix": words(`
    max_dgram_qlen
  `),
});

/** Every other sysctl below `net` that only the initial namespace of Linux 6.18 has. */
export const OTHER_HOST_SYSCTLS: readonly string[] = fullNames({
  "net.core": words(`
    bpf_jit_enable bpf_jit_harden bpf_jit_kallsyms bpf_jit_limit dev_weight_rx_bias
    dev_weight_tx_bias devconf_inherit_init_net fb_tunnels_only_for_init_net flow_limit_cpu_bitmap
    flow_limit_table_len gro_normal_batch high_order_alloc_disable max_skb_frags mem_pcpu_rsv
    message_burst message_cost netdev_rss_key netdev_tstamp_prequeue
    netdev_unregister_timeout_secs rps_sock_flow_entries skb_defer_max warnings
  `),
  "net.ipv4": words(`
    cipso_cache_bucket_size cipso_cache_enable cipso_rbm_optfmt cipso_rbm_strictvalid fib_sync_mem
    inet_peer_maxttl inet_peer_minttl inet_peer_threshold ipfrag_secret_interval tcp_available_ulp
    udp_mem
  `),
  "net.ipv4.route": words(`
    error_burst error_cost gc_elasticity gc_interval gc_min_interval gc_min_interval_ms gc_thresh
    gc_timeout max_size redirect_load redirect_number redirect_silence
  `),
  "net.ipv6": words(`
    calipso_cache_bucket_size calipso_cache_enable ip6frag_secret_interval mld_max_msf mld_qrv
  `),
  "net.netfilter": words(`
    nf_log_all_netns
  `),
  net: words(`
    nf_conntrack_max
  `),
});
