"""Which of Asterisk's modules Usher needs, and which one reads which file again."""

from __future__ import annotations

from typing import Final

# Grouped by what would be missing without them. Asterisk sorts out the order itself.
MODULES: Final = (
    # SIP phones and trunks
    "res_pjproject.so",
    "res_sorcery_config.so",
    "res_sorcery_memory.so",
    "res_sorcery_astdb.so",
    "res_pjsip.so",
    "res_pjsip_session.so",
    "res_pjsip_authenticator_digest.so",
    "res_pjsip_outbound_authenticator_digest.so",
    "res_pjsip_endpoint_identifier_ip.so",
    "res_pjsip_endpoint_identifier_user.so",
    "res_pjsip_registrar.so",
    "res_pjsip_outbound_registration.so",
    "res_pjsip_caller_id.so",
    "res_pjsip_diversion.so",
    "res_pjsip_dtmf_info.so",
    "res_pjsip_header_funcs.so",
    "res_pjsip_nat.so",
    "res_pjsip_path.so",
    "res_pjsip_refer.so",
    "res_pjsip_rfc3326.so",
    "res_pjsip_sdp_rtp.so",
    "res_pjsip_empty_info.so",
    "res_pjsip_dlg_options.so",
    "res_pjsip_logger.so",
    "chan_pjsip.so",
    # Lamps: subscriptions to the states of extensions
    "res_pjsip_pubsub.so",
    "res_pjsip_outbound_publish.so",
    "res_pjsip_exten_state.so",
    "res_pjsip_dialog_info_body_generator.so",
    "res_pjsip_pidf_body_generator.so",
    "res_pjsip_xpidf_body_generator.so",
    # Lamps for waiting messages
    "res_pjsip_mwi.so",
    "res_pjsip_mwi_body_generator.so",
    # Media
    "res_rtp_asterisk.so",
    "res_srtp.so",
    "res_crypto.so",
    "res_timing_timerfd.so",
    "res_format_attr_opus.so",
    "res_musiconhold.so",
    "codec_ulaw.so",
    "codec_alaw.so",
    "codec_a_mu.so",
    "codec_gsm.so",
    "codec_g722.so",
    "codec_resample.so",
    "format_pcm.so",
    "format_gsm.so",
    "format_wav.so",
    "format_wav_gsm.so",
    "format_sln.so",
    # The engine's door: ARI over HTTP and websocket
    "res_http_websocket.so",
    "res_websocket_client.so",
    "res_stasis.so",
    "res_stasis_answer.so",
    "res_stasis_playback.so",
    "res_stasis_recording.so",
    "res_stasis_snoop.so",
    "res_stasis_device_state.so",
    "res_ari.so",
    "res_ari_model.so",
    "res_ari_applications.so",
    "res_ari_asterisk.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
    "res_ari_device_states.so",
    "res_ari_endpoints.so",
    "res_ari_events.so",
    "res_ari_playbacks.so",
    "res_ari_recordings.so",
    "res_ari_sounds.so",
    "app_stasis.so",
    "chan_bridge_media.so",
    # Bridges: parking and transfers are the engine's, so none of Asterisk's own is loaded
    "bridge_simple.so",
    "bridge_native_rtp.so",
    "bridge_softmix.so",
    "bridge_holding.so",
    # Presence over AMI
    "res_manager_devicestate.so",
    "res_manager_presencestate.so",
    # The little dialplan there is
    "pbx_config.so",
    "app_playback.so",
    "func_channel.so",
    "func_logic.so",
    "func_devstate.so",
    "func_callerid.so",
    "func_hangupcause.so",
    "func_dialplan.so",
    "func_global.so",
    "app_channelredirect.so",
    "app_voicemail.so",
    "func_talkdetect.so",
)

CODEC_MODULES: Final = {
    "opus": ("codec_opus_open_source.so", "format_ogg_opus_open_source.so"),
    "g729": ("res_format_attr_g729.so", "format_g729.so"),
    "ilbc": ("res_format_attr_ilbc.so", "format_ilbc.so"),
}
"""Loaded only where some phone or trunk speaks it."""

APP_QUEUE_MODULES: Final = (
    "app_queue.so",
    "app_dial.so",
    "app_stack.so",
    "app_echo.so",
    "app_verbose.so",
    "func_global.so",
)

AMI_EVENTS: Final = (
    "FullyBooted",
    "DeviceStateChange",
    "DeviceStateListComplete",
    "PresenceStateChange",
    "PresenceStateListComplete",
    "ContactStatus",
    "PeerStatus",
    "EndpointList",
    "EndpointListComplete",
    "EndpointDetail",
    "EndpointDetailComplete",
    "ContactList",
    "ContactListComplete",
    "ContactStatusDetail",
    "AorDetail",
    "AorList",
    "AorListComplete",
    "AuthDetail",
    "TransportDetail",
    "IdentifyDetail",
    "Hold",
    "Unhold",
    "BlindTransfer",
    "AttendedTransfer",
    "UserEvent",
    "Shutdown",
    "Reload",
)

RELOADS: Final = {
    # Each kind of object in pjsip.conf is read by the module that owns it.
    "pjsip.conf": (
        "res_pjsip.so",
        "res_pjsip_endpoint_identifier_ip.so",
        "res_pjsip_outbound_registration.so",
    ),
    "extensions.conf": ("pbx_config.so",),
    "voicemail.conf": ("app_voicemail.so",),
    "musiconhold.conf": ("res_musiconhold.so",),
    "manager.conf": ("manager",),
    "http.conf": ("http",),
    "ari.conf": ("res_ari.so",),
    "logger.conf": ("logger",),
    "rtp.conf": ("res_rtp_asterisk.so",),
    "features.conf": ("features",),
    "indications.conf": ("indications",),
    "cdr.conf": ("cdr",),
    "cel.conf": ("cel",),
}
"""What to reload when a file has changed. A file that is not here is read at start only."""

RELOADED: Final = tuple(dict.fromkeys(module for each in RELOADS.values() for module in each))
"""All that can be reloaded, in order, each once."""
